#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "manifest/node.hpp"

/// What the YAML reader does that is not libyaml: mappings with repeated keys and merges, and sentences for
/// errors.
namespace marty::manifest {

/// Of a key that appears twice keeps the last value and reports it (duplicate-key).
void drop_overruled(Node& mapping, Diagnostics&);

/// Adds what `<<` brings and is not there yet; of several, the first to bring a key counts.
void add_merged(Node& mapping, std::vector<Node> merged);

struct Advice {
  std::string message, way_out;
};
/// A sentence for a message of libyaml's; `at` is the character it stumbled over.
Advice advise(std::string_view problem, char at);
/// The same for bytes that are no text.
Advice advise_on_bytes(std::string_view problem);

}  // namespace marty::manifest
