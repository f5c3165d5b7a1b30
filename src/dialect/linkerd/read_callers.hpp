#pragma once

#include "dialect/linkerd/annotations.hpp"
#include "mesh/model.hpp"

namespace marty::dialect::linkerd {

/// Retries, timeouts and failure accrual that an object's annotations ask of callers; the last only Services
/// have.
mesh::CallerPolicy read_callers(const manifest::Resource&, Diagnostics&);
Sourced<mesh::DefaultInbound> to_model(const Sourced<DefaultPolicy>&);
/// The blocks of a list; the field tables have said what is wrong with others.
std::vector<policy::ClientAuthorization::Network> to_model(const std::vector<Network>&);

}  // namespace marty::dialect::linkerd
