#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "manifest/fields.hpp"

namespace marty::manifest {

/// Reads one value as its codec says into `out`, within the bounds of its row; what is wrong is reported.
void read_value(Reader&, const Codec&, const Node&, const Row&, void* out);

/// The node that says this value; null for an empty optional.
Node show_value(const Codec&, const void* value);

/// What a node is, for "found …": "the text \"5\"", "a list".
std::string shown(const Node&);

/// A YAML integer's value, with its sign and base; empty when it does not fit.
std::optional<std::int64_t> to_integer(std::string_view text);
/// A YAML number's; empty for infinities and what is none. Integers of more than 64 bits are read as Go does.
std::optional<double> to_number(const std::string& text);

}  // namespace marty::manifest
