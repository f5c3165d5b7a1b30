#pragma once

#include "core/time.hpp"

namespace marty::policy {

/// What becomes of requests while a balancer has no ready endpoint (linkerd.md 3.4). The first ones wait,
/// until kPatience after the endpoints were gone all of them fail at once; from then on new ones are turned
/// away without a wait, until an endpoint is ready again.
class FailFast {
 public:
  static constexpr Duration kPatience = 3s;
  enum class Answer : std::uint8_t {
    kSend,
    kWait,
    kFail
  };  ///< kFail: 504 for who waited, 503 for who did not

  /// A request wants an endpoint.
  Answer ask(Instant now, bool any_ready) {
    if (any_ready) {
      unready_since_ = Instant::never();
      return Answer::kSend;
    }
    if (unready_since_.is_never()) unready_since_ = now;
    return now >= deadline() ? Answer::kFail : Answer::kWait;
  }
  /// Until then requests wait; never while endpoints are ready.
  Instant deadline() const { return unready_since_ + kPatience; }
  bool failing(Instant now) const { return now >= deadline(); }

 private:
  Instant unready_since_ = Instant::never();
};

}  // namespace marty::policy
