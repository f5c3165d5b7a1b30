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
  /// As `pick`, but a destination that is not ready passes its share on to the others (Linkerd's
  /// RandomAvailable); SIZE_MAX when none is. `ready(index)` must not change its mind during the call.
  template <class Ready>
  std::size_t pick_ready(Rng& rng, Ready&& ready) const;
  /// Share of destination `index` in percent, for explanations.
  double percent(std::size_t index) const;

 private:
  std::uint64_t weight(std::size_t index) const {
    return cumulative_[index] - (index == 0 ? 0 : cumulative_[index - 1]);
  }
  std::vector<std::uint64_t> cumulative_;
};

template <class Ready>
std::size_t WeightedSplit::pick_ready(Rng& rng, Ready&& ready) const {
  if (const auto drawn = pick(rng); ready(drawn)) return drawn;
  const auto counts = [&](std::size_t i) { return weight(i) != 0 && ready(i); };
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < cumulative_.size(); ++i) sum += counts(i) ? weight(i) : 0;
  if (sum == 0) return SIZE_MAX;
  auto rest = rng.below(sum);
  for (std::size_t i = 0;; ++i) {
    if (!counts(i)) continue;
    if (rest < weight(i)) return i;
    rest -= weight(i);
  }
}

}  // namespace marty::policy
