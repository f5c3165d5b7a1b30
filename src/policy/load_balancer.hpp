#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/origin.hpp"
#include "core/rng.hpp"
#include "policy/peak_ewma.hpp"

namespace marty::policy {

enum class LoadBalancer : std::uint8_t { kLeastRequest, kRoundRobin, kRandom, kPeakEwma };

/// What a picker sees of one endpoint.
struct EndpointLoad {
  std::uint32_t active_requests = 0;
  bool usable = true;  ///< neither ejected nor avoided by this call
};

/// Power of two choices by active requests, draws with replacement among the usable (Envoy LEAST_REQUEST,
/// choice_count 2). Nothing when no endpoint is usable.
std::optional<std::size_t> pick_least_request(std::span<const EndpointLoad>, Rng&);
std::optional<std::size_t> pick_random(std::span<const EndpointLoad>, Rng&);
/// Next usable after `cursor`, which it moves. Start it at a random place, as Envoy does.
std::optional<std::size_t> pick_round_robin(std::span<const EndpointLoad>, std::uint32_t& cursor);

/// Power of two distinct choices by PeakEWMA load, ties to the first drawn (linkerd2-proxy). `rtts` is as
/// long as `loads`.
std::optional<std::size_t> pick_peak_ewma(std::span<const EndpointLoad> loads, std::span<PeakEwma> rtts,
                                          Instant now, Rng&);

}  // namespace marty::policy
