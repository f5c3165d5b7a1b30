#pragma once

#include <string>
#include <string_view>

#include "manifest/node.hpp"
#include "mesh/policy_file.hpp"

namespace marty::dialect::generated {

/// The texts of the single files, each beginning with `heading`.
std::string serviceaccounts(const mesh::PolicyFile&, const mesh::Model&, std::string_view heading);
std::string deployments(const mesh::PolicyFile&, const mesh::Model&, std::string_view heading);
std::string services(const mesh::PolicyFile&, const mesh::Model&, std::string_view heading);
std::string istio_namespace(const mesh::PolicyFile&, std::string_view heading);
std::string istio_deployment_patch(const mesh::PolicyFile&, std::string_view heading);
std::string istio_policies(const mesh::PolicyFile&, const mesh::Model&, std::string_view heading);

/// A text as a YAML scalar, quoted when it must be.
std::string scalar(const std::string& text);

}  // namespace marty::dialect::generated
