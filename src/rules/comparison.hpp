#pragma once

#include <string>
#include <vector>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

/// Models beside each other: what is right in each of them may be wrong between them.
namespace marty::rules {

struct Side {
  std::string name;  ///< "service-mesh-istio", "east"
  const Estate& estate;
};

struct Comparison {
  enum class Of {
    kOverlays,  ///< of one service: each is applied somewhere else, and says how it runs there
    kClusters,  ///< of one mesh: all of them are there at the same time
  };
  Of of;
  std::vector<Side> sides;
};

/// Runs every rule that compares. What was said of a place before is not repeated, and nothing is said of
/// objects that have an error of their own.
void compare_all(const Comparison&, Diagnostics&);

}  // namespace marty::rules
