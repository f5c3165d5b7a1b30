#pragma once

#include <string_view>
#include <vector>

#include "manifest/resource.hpp"

namespace marty::rollout {

/// The objects of a YAML or JSON text.
inline std::vector<manifest::Resource> objects(std::string_view text, std::uint16_t file = 0) {
  Diagnostics found;
  return manifest::read_resources(text, file, found).all;
}

}  // namespace marty::rollout
