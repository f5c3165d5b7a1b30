#pragma once

#include "mesh/policy_file.hpp"

namespace marty::mesh {

/// The routing part of lower(): split, canary, timeout, retries and chaos as one ordered list of routes.
RouteTable lower_routes(const PolicyFile&);

}  // namespace marty::mesh
