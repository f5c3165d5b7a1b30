#pragma once

#include <cstdint>
#include <optional>

#include "core/origin.hpp"
#include "core/rng.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// Injected trouble on a route, in the client's sidecar and before the router: never retried, not part of the
/// route timeout, unseen by outlier detection (istio.md 2.6). Delay first, then abort, two independent draws.
/// Shares in parts per million; an absent percentage is 0.
struct Fault {
  struct Delay {
    Sourced<Duration> fixed{};
    Sourced<std::uint32_t> ppm{0};
    friend bool operator==(const Delay&, const Delay&) = default;
  };
  struct Abort {
    Sourced<std::uint16_t> status{503};
    Sourced<std::uint32_t> ppm{0};
    friend bool operator==(const Abort&, const Abort&) = default;
  };
  std::optional<Delay> delay;
  std::optional<Abort> abort;
  Origin origin;
  friend bool operator==(const Fault& a, const Fault& b) { return a.delay == b.delay && a.abort == b.abort; }

  /// How long to hold the request, 0 when it is not drawn.
  Duration draw_delay(Rng&) const;
  bool draw_abort(Rng&) const;
};

}  // namespace marty::policy
