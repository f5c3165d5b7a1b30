#pragma once

#include <cmath>

#include "core/time.hpp"

namespace marty::policy {

/// How slow an endpoint seems: a moving average of response times that jumps to peaks and decays towards zero
/// (linkerd.md 3.2). A new endpoint starts at 30 ms.
class PeakEwma {
 public:
  static constexpr Duration kDefault = 30ms, kDecay = 10s;

  explicit PeakEwma(Instant now) : updated_(now) {}

  void sample(Instant now, Duration rtt) { update(now, static_cast<double>(rtt.count())); }
  /// Nanoseconds times requests under way: what balancers compare.
  double load(Instant now, std::uint32_t pending) {
    update(now, 0);
    return estimate_ * (static_cast<double>(pending) + 1);
  }
  /// As of the last sample or load.
  Duration estimate() const { return Duration(static_cast<std::int64_t>(estimate_)); }

 private:
  void update(Instant now, double sample) {
    if (sample > estimate_) {
      estimate_ = sample;
    } else if (now > updated_) {
      const double kept =
          std::exp(-static_cast<double>((now - updated_).count()) / static_cast<double>(kDecay.count()));
      estimate_ = estimate_ * kept + sample * (1 - kept);
    }
    if (now > updated_) updated_ = now;
  }

  double estimate_ = static_cast<double>(kDefault.count());
  Instant updated_;
};

}  // namespace marty::policy
