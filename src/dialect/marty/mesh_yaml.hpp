#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/diagnostic.hpp"
#include "mesh/policy_file.hpp"

/// Our own dialect: mesh.yaml, the mesh-neutral policy file (apiVersion marty.dev/v1, kind ServiceMesh).
namespace marty::dialect {

/// Reads a policy file; nothing when a finding is an error.
std::optional<mesh::PolicyFile> read_policy_file(std::string_view text, std::uint16_t file, Diagnostics&);

/// The file written back, without comments. Reading it gives an equal one.
std::string write_policy_file(const mesh::PolicyFile&);

}  // namespace marty::dialect
