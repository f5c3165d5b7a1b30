#pragma once

#include <cstdint>

#include "core/origin.hpp"
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

  bool try_take(Instant now);
  std::uint32_t tokens(Instant now) const;  ///< whole tokens left
  Duration until_next_token(Instant now) const;

 private:
  void refill(Instant now);
  Duration per_token_numerator_;            // fill_interval; one token every fill_interval / tokens_per_fill
  std::uint64_t capacity_, stored_, rate_;  // in units of 1 / fill_interval ns of a token
  Instant last_;
};

}  // namespace marty::policy
