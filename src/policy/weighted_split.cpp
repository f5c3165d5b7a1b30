#include "policy/weighted_split.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace marty::policy {

WeightedSplit::WeightedSplit(std::vector<std::uint32_t> weights) {
  MARTY_ASSERT(!weights.empty());
  if (weights.size() == 1) weights.front() = 1;
  std::uint64_t sum = 0;
  cumulative_.reserve(weights.size());
  for (const auto weight : weights) cumulative_.push_back(sum += weight);
  // All zero is refused by validation; if it gets here anyway, the first destination is as good as none.
  if (sum == 0) std::fill(cumulative_.begin(), cumulative_.end(), 1);
}

std::size_t WeightedSplit::pick(Rng& rng) const {
  if (cumulative_.size() == 1) return 0;
  const auto draw = rng.below(cumulative_.back());
  return static_cast<std::size_t>(std::upper_bound(cumulative_.begin(), cumulative_.end(), draw) -
                                  cumulative_.begin());
}

double WeightedSplit::percent(std::size_t index) const {
  const auto below = index == 0 ? 0 : cumulative_[index - 1];
  return 100.0 * static_cast<double>(cumulative_[index] - below) / static_cast<double>(cumulative_.back());
}

}  // namespace marty::policy
