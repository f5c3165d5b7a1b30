#include "policy/load_balancer.hpp"

#include <algorithm>

namespace marty::policy {
namespace {

// Rejection sampling is uniform and its cost does not depend on how many endpoints there are. With one in ten
// usable it fails once in 850 draws; only then is the whole list looked at.
constexpr int kRedraws = 64;
constexpr std::size_t kScannedMost = 16;  // so few are looked at one by one sooner than drawn

std::optional<std::size_t> draw(std::span<const EndpointLoad> loads, Rng& rng) {
  for (int i = 0; i < kRedraws; ++i)
    if (const auto index = rng.below(loads.size()); loads[index].usable) return index;
  return {};
}

std::size_t count_usable(std::span<const EndpointLoad> loads) {
  return static_cast<std::size_t>(
      std::count_if(loads.begin(), loads.end(), [](const auto& load) { return load.usable; }));
}

/// The usable endpoint with `rank` usable ones before it.
std::size_t usable_at(std::span<const EndpointLoad> loads, std::size_t rank) {
  std::size_t index = 0;
  for (; !loads[index].usable || rank-- > 0; ++index) continue;
  return index;
}

}  // namespace

std::optional<std::size_t> pick_random(std::span<const EndpointLoad> loads, Rng& rng) {
  if (loads.empty()) return {};
  if (const auto index = draw(loads, rng)) return index;
  const auto usable = count_usable(loads);
  if (usable == 0) return {};
  return usable_at(loads, rng.below(usable));
}

std::optional<std::size_t> pick_least_request(std::span<const EndpointLoad> loads, Rng& rng) {
  if (loads.empty()) return {};
  auto first = draw(loads, rng), second = draw(loads, rng);
  if (!first || !second) {
    const auto usable = count_usable(loads);
    if (usable == 0) return {};
    if (!first) first = usable_at(loads, rng.below(usable));
    if (!second) second = usable == 1 ? first : usable_at(loads, rng.below(usable));
  }
  return loads[*second].active_requests < loads[*first].active_requests ? second : first;
}

std::optional<std::size_t> pick_round_robin(std::span<const EndpointLoad> loads, std::uint32_t& cursor) {
  if (loads.empty()) return {};
  std::size_t index = cursor % loads.size();
  for (std::size_t seen = 0; seen < loads.size(); ++seen) {
    const auto candidate = index;
    index = index + 1 == loads.size() ? 0 : index + 1;
    if (!loads[candidate].usable) continue;
    cursor = static_cast<std::uint32_t>(index);
    return candidate;
  }
  return {};
}

std::optional<std::size_t> pick_peak_ewma(std::span<const EndpointLoad> loads, std::span<PeakEwma> rtts,
                                          Instant now, Rng& rng) {
  const auto faster = [&](std::size_t a, std::size_t b) {
    const auto load = [&](std::size_t i) { return rtts[i].load(now, loads[i].active_requests); };
    return load(b) < load(a) ? b : a;
  };
  if (loads.size() > kScannedMost) {
    const auto first = draw(loads, rng), second = draw(loads, rng);
    if (first && second && first != second) return faster(*first, *second);
  }
  const auto usable = count_usable(loads);
  if (usable == 0) return {};
  const auto first = rng.below(usable);
  if (usable == 1) return usable_at(loads, first);
  const auto second = rng.below(usable - 1);
  return faster(usable_at(loads, first), usable_at(loads, second + (second >= first ? 1 : 0)));
}

}  // namespace marty::policy
