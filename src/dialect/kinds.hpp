#pragma once

#include <span>
#include <string_view>

#include "manifest/resource.hpp"
#include "mesh/model.hpp"

namespace marty::dialect {

/// A kind that some dialect reads. To add one: its file, and one row in kinds.cpp.
struct KindReader {
  std::string_view group, kind;
  std::span<const std::string_view> versions;  ///< served ones, the newest first
  void (*read)(const manifest::Resource&, mesh::Model&, Diagnostics&);
};
std::span<const KindReader> kinds();

/// Reads one object into the model; kinds nobody reads are a finding when they belong to a mesh, else
/// nothing.
void read_resource(const manifest::Resource&, mesh::Model&, Diagnostics&);

}  // namespace marty::dialect
