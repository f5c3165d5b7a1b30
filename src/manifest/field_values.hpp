#pragma once

#include <string>

#include "manifest/fields.hpp"

namespace marty::manifest {

/// Reads one value as its codec says into `out`, within the bounds of its row; what is wrong is reported.
void read_value(Reader&, const Codec&, const Node&, const Row&, void* out);

/// The node that says this value; null for an empty optional.
Node show_value(const Codec&, const void* value);

/// What a node is, for "found …": "the text \"5\"", "a list".
std::string shown(const Node&);

}  // namespace marty::manifest
