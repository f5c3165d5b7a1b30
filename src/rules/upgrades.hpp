#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "rules/estate.hpp"

namespace marty::rules {

/// Something a new release of Istio does otherwise unless it is told not to. From its upgrade and change
/// notes.
struct Upgrade {
  using See = std::function<void(const Resource&, const Node&, std::string path, std::string now)>;

  int minor = 0;             ///< the first release that does: 24 for 1.24
  std::string_view way_out;  ///< to get the old behaviour, or to say what is wanted
  bool compatible = false;   ///< whether compatibilityVersion keeps the old behaviour
  void (*each_affected)(const Estate&, const See&) = nullptr;
};
std::span<const Upgrade> upgrades();

/// 24 of "1.24" and "1.24.3"; 0 for what is no release of Istio's.
int istio_minor(std::string_view release);

}  // namespace marty::rules
