#pragma once

#include <span>

#include "core/diagnostic.hpp"
#include "manifest/resource.hpp"
#include "mesh/model.hpp"

namespace marty::dialect {

/// Names the model uses and nobody defines: subsets, hosts, named ports; the request would get a 503 or the
/// rule would do nothing. Hosts are checked only in namespaces of which the input has Services, so that a
/// single policy file can be read on its own.
void check_references(const mesh::Model&, Diagnostics&);

/// Fills in target ports given by name, from the containers of the pods each Service selects.
void resolve_named_ports(std::span<const manifest::Resource>, mesh::Model&, Diagnostics&);

}  // namespace marty::dialect
