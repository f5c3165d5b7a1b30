#include "policy/load_balancer.hpp"

#include <algorithm>

namespace marty::policy {
namespace {

// Rejection sampling is uniform and touches two cache lines while most endpoints are usable; with 3 of 4
// unusable it still succeeds 99 times in 100. Only then is the whole list looked at.
constexpr int kRedraws = 16;

std::optional<std::size_t> draw_by_scan(std::span<const EndpointLoad> loads, Rng& rng) {
  const auto usable = std::count_if(loads.begin(), loads.end(), [](const auto& l) { return l.usable; });
  if (usable == 0) return {};
  auto left = rng.below(static_cast<std::uint64_t>(usable));
  std::size_t index = 0;
  for (; !loads[index].usable || left-- > 0; ++index) continue;
  return index;
}

}  // namespace

std::optional<std::size_t> pick_random(std::span<const EndpointLoad> loads, Rng& rng) {
  if (loads.empty()) return {};
  for (int i = 0; i < kRedraws; ++i)
    if (const auto index = rng.below(loads.size()); loads[index].usable) return index;
  return draw_by_scan(loads, rng);
}

std::optional<std::size_t> pick_least_request(std::span<const EndpointLoad> loads, Rng& rng) {
  const auto first = pick_random(loads, rng);
  if (!first) return {};
  const auto second = pick_random(loads, rng);
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

}  // namespace marty::policy
