#pragma once

#include "dialect/generate_parts.hpp"

/// What the files that write Istio's objects have in common.
namespace marty::dialect::generated {

/// An object of the policy file's namespace, with our labels; EnvoyFilter keeps its only version, the others
/// get the newest that the target serves.
manifest::Node istio_object(const mesh::PolicyFile&, std::string_view group, std::string_view kind,
                            const std::string& name, manifest::Node spec);

/// PeerAuthentication and AuthorizationPolicy objects, in the stage that security.mtls says.
std::vector<manifest::Node> istio_security(const mesh::PolicyFile&, const mesh::Model&);

}  // namespace marty::dialect::generated
