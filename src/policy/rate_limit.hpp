#pragma once

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

}  // namespace marty::policy
