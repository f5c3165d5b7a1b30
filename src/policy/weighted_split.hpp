#pragma once

#include <cstdint>
#include <vector>

#include "core/rng.hpp"

namespace marty::policy {

/// Picks one of several destinations in proportion to integer weights that need not add to 100. Weight 0 is
/// never picked; one single destination is always picked, whatever its weight (Istio treats it as 100 %).
class WeightedSplit {
 public:
  explicit WeightedSplit(std::vector<std::uint32_t> weights = {1});
  std::size_t pick(Rng&) const;
  /// Share of destination `index` in percent, for explanations.
  double percent(std::size_t index) const;

 private:
  std::vector<std::uint64_t> cumulative_;
};

}  // namespace marty::policy
