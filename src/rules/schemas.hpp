#pragma once

#include <vector>

#include "core/diagnostic.hpp"
#include "core/workers.hpp"
#include "manifest/resource.hpp"
#include "schema/catalog.hpp"

namespace marty::rules {

/// Holds all objects against their schemas. Returns how many there are that nobody has a schema for.
std::size_t check_schemas(const schema::Catalog&, const std::vector<manifest::Resource>&, Diagnostics&,
                          Workers&);

/// Adds what deeper reading found, without what has been said about the same place already: a field that a
/// schema refuses is one finding, whoever else stumbles over it.
void add_what_is_new(Diagnostics& into, Diagnostics more);

}  // namespace marty::rules
