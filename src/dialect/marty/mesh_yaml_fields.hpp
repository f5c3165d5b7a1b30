#pragma once

#include "manifest/resource.hpp"
#include "mesh/policy_file.hpp"

namespace marty::mesh {
const manifest::Table& fields(manifest::Tag<PolicyFile::Observability>);
}

namespace marty::dialect {

/// mesh.yaml as a document around its policies.
struct MeshFile {
  Sourced<std::string> api_version, kind;
  manifest::Metadata metadata;
  mesh::PolicyFile spec;
};
const manifest::Table& fields(manifest::Tag<MeshFile>);

SourceRange at(const Sourced<std::string>& text);

/// The parts of check_policies. `header` is the node of the gate, nullptr when it is missing (said already).
void check_routing(const mesh::PolicyFile&, const manifest::Node& spec, manifest::Reader&);
void check_gate(const mesh::PolicyFile::HeaderGate&, const manifest::Node* header, manifest::Reader&);
/// "duplicate-name" for each name that an earlier one has; `what` they name, in the plural.
void check_unique(const std::vector<Sourced<std::string>>& names, std::string_view what, manifest::Reader&);

/// What no single field can say: names that refer to each other, sums, ejection arithmetic. Called once per
/// file.
void check_policies(const mesh::PolicyFile&, const manifest::Node& spec, manifest::Reader&);
/// Of check_policies: what an objective can be counted by.
void check_slo(const mesh::PolicyFile&, manifest::Reader&);

}  // namespace marty::dialect
