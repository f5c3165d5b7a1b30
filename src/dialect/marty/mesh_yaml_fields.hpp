#pragma once

#include "manifest/resource.hpp"
#include "mesh/policy_file.hpp"

namespace marty::dialect {

/// mesh.yaml as a document around its policies.
struct MeshFile {
  Sourced<std::string> api_version, kind;
  manifest::Metadata metadata;
  mesh::PolicyFile spec;
};
const manifest::Table& fields(manifest::Tag<MeshFile>);

/// What no single field can say: names that refer to each other, sums, ejection arithmetic. Called once per
/// file.
void check_policies(const mesh::PolicyFile&, const manifest::Node& spec, manifest::Reader&);

}  // namespace marty::dialect
