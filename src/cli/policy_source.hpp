#pragma once

#include <optional>

#include "cli/service.hpp"
#include "core/diagnostic.hpp"
#include "mesh/policy_file.hpp"

namespace marty::cli {

/// Reads a service's mesh.yaml; nothing inside when a finding is an error. An Error when it cannot be opened.
Result<std::optional<mesh::PolicyFile>> read_policy(const World&, const ServiceFolder&, SourceMap&,
                                                    Diagnostics&);

/// How the file is called in what is generated from it: the same wherever the command runs.
std::string policy_name(const ServiceFolder&);

}  // namespace marty::cli
