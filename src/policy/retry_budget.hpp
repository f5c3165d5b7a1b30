#pragma once

#include <array>
#include <cstdint>

#include "core/origin.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// How many retries one client proxy may add to what a service gets anyway (a ServiceProfile's retryBudget,
/// linkerd.md 3.5): every call that ends without a retry deposits, every retry withdraws, and what is
/// deposited is gone after `ttl`. A reserve grants min_per_second retries whatever the traffic.
class RetryBudget {
 public:
  struct Config {
    Sourced<double> ratio{0.2};  ///< 0..1000 retries per call
    Sourced<std::uint32_t> min_per_second{10};
    Sourced<Duration> ttl{10s};  ///< 1s..60s
    Origin origin;
    friend bool operator==(const Config& a, const Config& b) {
      return a.ratio == b.ratio && a.min_per_second == b.min_per_second && a.ttl == b.ttl;
    }
  };

  RetryBudget(const Config&, Instant now);
  void deposit(Instant now);
  bool try_withdraw(Instant now);
  /// Retries that could be made now.
  std::int64_t retries_left(Instant now);

 private:
  static constexpr int kSlots = 10;
  void expire(Instant now);
  std::int64_t balance() const;

  std::int64_t deposit_, withdrawal_, reserve_;
  Duration slot_length_;
  std::array<std::int64_t, kSlots> slots_{};
  std::size_t current_ = 0;
  Instant slot_began_;
};

}  // namespace marty::policy
