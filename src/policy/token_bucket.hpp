#pragma once

#include <cstdint>

#include "core/origin.hpp"
#include "core/rng.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// Local rate limit of one proxy (Envoy local_ratelimit since 1.32): starts full, refills continuously at
/// tokens_per_fill / fill_interval up to max_tokens; a request needs one whole token. Integer arithmetic: no
/// drift.
class TokenBucket {
 public:
  struct Config {
    Sourced<std::uint32_t> max_tokens{1};
    Sourced<std::uint32_t> tokens_per_fill{1};
    Sourced<Duration> fill_interval{1s};  ///< at least 50 ms
    Origin origin;
    friend bool operator==(const Config& a, const Config& b) {
      return a.max_tokens == b.max_tokens && a.tokens_per_fill == b.tokens_per_fill &&
             a.fill_interval == b.fill_interval;
    }
  };
  TokenBucket(const Config&, Instant now);

  /// Takes one token if a whole one is there. An earlier `now` than the last one adds nothing.
  bool try_take(Instant now);
  std::uint32_t tokens(Instant now) const;  ///< whole tokens left
  /// 0 when one is there; Duration::max() when none will ever come.
  Duration until_next_token(Instant now) const;

 private:
  Wide stored_at(Instant now) const;
  // A token is `unit_` parts and every nanosecond adds `rate_` parts: whole numbers however the two relate.
  std::uint64_t unit_;  // fill_interval in nanoseconds
  std::uint64_t rate_;  // tokens_per_fill
  Wide capacity_, stored_;
  Instant last_;
};

}  // namespace marty::policy
