#include "policy/rate_limit.hpp"

#include "policy/share.hpp"

namespace marty::policy {

RateLimiter::Verdict RateLimiter::check(const RateLimit& config, Instant now, Rng& rng) {
  if (!drawn(*config.enabled_ppm, rng)) return Verdict::kSkipped;
  ++counters_.enabled;
  if (bucket_.try_take(now)) {
    ++counters_.ok;
    return Verdict::kPassed;
  }
  ++counters_.rate_limited;
  if (!drawn(*config.enforced_ppm, rng)) return Verdict::kOnlyCounted;
  ++counters_.enforced;
  return Verdict::kRefused;
}

}  // namespace marty::policy
