#pragma once

#include <optional>
#include <string>
#include <vector>

#include "manifest/node.hpp"

namespace marty::rollout {

/// One field that is not the same in two versions of an object.
struct FieldChange {
  std::string path;                   ///< "spec.http[canary].timeout"; items with names are called by them
  std::optional<std::string> before;  ///< on one line, shortened; nothing when the field is absent
  std::optional<std::string> after;
  Origin origin;  ///< of the wanted value; unknown when nobody wrote it, as of a server's default
};

/// What differs between two versions of an object, in the order of `after`. What a server keeps about
/// objects (status, managed fields, versions, times) does not count, the order of keys neither. `wanted` is
/// the manifest, for places. Values of Secrets are not told, only that they differ.
std::vector<FieldChange> differences(const manifest::Node& before, const manifest::Node& after,
                                     const manifest::Node& wanted);

/// What a server-side apply would probably make of an object, without asking the server: what the manifest
/// says replaces what is there, items of lists are matched by name when all have one. It cannot know which
/// fields an earlier apply has set and this one leaves out.
manifest::Node overlaid(const manifest::Node& live, const manifest::Node& wanted);

}  // namespace marty::rollout
