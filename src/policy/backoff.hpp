#pragma once

#include <algorithm>
#include <cstdint>

#include "core/rng.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// The n-th wait, n from 0: min·2^n up to max, plus a uniform draw from [0, that·jitter], the sum up to max
/// (linkerd2-proxy's exponential backoff). Draws even when the jitter is 0.
inline Duration exponential_backoff(Duration min, Duration max, double jitter, std::uint32_t n, Rng& rng) {
  Duration base = std::min(min, max);
  for (std::uint32_t i = 0; i < n && base.count() > 0 && base < max; ++i)
    base = base > max / 2 ? max : base * 2;
  const double share = static_cast<double>(rng.below(1u << 31)) / static_cast<double>(1u << 31) * jitter;
  const double room = static_cast<double>((max - base).count());
  return base +
         Duration{static_cast<std::int64_t>(std::min(static_cast<double>(base.count()) * share, room))};
}

}  // namespace marty::policy
