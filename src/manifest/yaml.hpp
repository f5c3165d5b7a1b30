#pragma once

#include <string_view>
#include <vector>

#include "core/workers.hpp"
#include "manifest/node.hpp"

namespace marty::manifest {

/// Limits on one file, so that no input can cost more than a small multiple of its size.
constexpr std::size_t kTextBytesMax = std::size_t{256} << 20;
constexpr std::size_t kDepthMax = 100;             ///< nested mappings and sequences, aliases followed
constexpr std::size_t kAliasNodesMax = 1'000'000;  ///< nodes that aliases and merge keys may add
constexpr std::size_t kAliasBytesMax = 64u << 20;  ///< text that aliases and merge keys may add

/// Reads the documents of a YAML (or JSON) text. Aliases and `<<` are resolved; what came through them keeps
/// the place of the anchored text. Empty documents are left out. A document that is no YAML is reported
/// (yaml-syntax, yaml-limit, duplicate-key) and left out; the documents around it are read. A duplicate key
/// is reported and its last value kept, as Kubernetes does. `file` goes into the origins.
/// Large files are shared among workers, with the same result.
std::vector<Node> parse_yaml(std::string_view text, std::uint16_t file, Diagnostics&,
                             Workers& = one_at_a_time());

}  // namespace marty::manifest
