#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "policy/token_bucket.hpp"

namespace marty::policy {

/// The local rate-limit filter around a bucket: which share of requests it looks at and which it really
/// refuses, in parts per million (Envoy FractionalPercent, drawn per request; both default to 0, so an unset
/// one limits nothing).
struct RateLimit {
  std::string stat_prefix = "http_local_rate_limiter";
  TokenBucket::Config bucket;
  Sourced<std::uint32_t> enabled_ppm{0}, enforced_ppm{0};
  std::uint16_t status = 429;
  std::vector<std::pair<std::string, std::string>> response_headers;
  Origin origin;
  friend bool operator==(const RateLimit& a, const RateLimit& b) {
    return a.stat_prefix == b.stat_prefix && a.bucket == b.bucket && a.enabled_ppm == b.enabled_ppm &&
           a.enforced_ppm == b.enforced_ppm && a.status == b.status &&
           a.response_headers == b.response_headers;
  }
};

/// The machine of one RateLimit in one proxy: shared by all requests, counted as Envoy's
/// `<stat_prefix>.http_local_rate_limit.*`. Keep it across a reload when the config is equal.
class RateLimiter {
 public:
  enum class Verdict : std::uint8_t {
    kSkipped,      ///< not drawn by enabled_ppm, no token touched
    kPassed,       ///< a token was taken
    kOnlyCounted,  ///< no token left, but not drawn by enforced_ppm: let it pass
    kRefused,      ///< answer with `status` and flag RL
  };
  struct Counters {
    std::uint64_t enabled = 0, ok = 0, rate_limited = 0, enforced = 0;
  };

  RateLimiter(const RateLimit& config, Instant now) : bucket_(config.bucket, now) {}
  Verdict check(const RateLimit&, Instant now, Rng&);
  const TokenBucket& bucket() const { return bucket_; }
  const Counters& counters() const { return counters_; }

 private:
  TokenBucket bucket_;
  Counters counters_;
};

}  // namespace marty::policy
