#pragma once

#include <algorithm>
#include <cstdint>

#include "core/time.hpp"

namespace marty::policy {

/// The generic cell rate algorithm with a burst of one second's worth (linkerd.md 3.9): `rps` requests at
/// once, then one every 1/rps seconds. Nothing but one instant is kept.
class Gcra {
 public:
  bool try_take(std::uint32_t rps, Instant now) {
    const Duration every = Duration(1s) / static_cast<std::int64_t>(rps);
    const Instant earliest = arrival_ + -every * (static_cast<std::int64_t>(rps) - 1);
    if (now < earliest) return false;
    arrival_ = std::max(arrival_, now) + every;
    return true;
  }
  /// 0 when a request would pass.
  Duration until_next(std::uint32_t rps, Instant now) const {
    const Duration every = Duration(1s) / static_cast<std::int64_t>(rps);
    const Instant earliest = arrival_ + -every * (static_cast<std::int64_t>(rps) - 1);
    return std::max(earliest - now, Duration{});
  }

 private:
  Instant arrival_;  ///< theoretical time of the next request
};

}  // namespace marty::policy
