#include "rules/rate_bucket.hpp"

#include <fmt/format.h>

#include <chrono>

#include "manifest/duration.hpp"

namespace marty::rules {

std::optional<RateBucket> rate_bucket(const engine::Program& inbound) {
  std::optional<RateBucket> out;
  for (const auto& limit : inbound.rate_limits) {
    const auto& bucket = limit.bucket;
    if (*limit.enabled_ppm == 0 || *limit.enforced_ppm == 0) continue;
    const double burst = *bucket.max_tokens;
    if (out && out->burst <= burst) continue;
    const std::chrono::duration<double> interval = *bucket.fill_interval;
    out = RateBucket{burst, *bucket.tokens_per_fill / interval.count(),
                     fmt::format("{} at once and {} more every {}", *bucket.max_tokens,
                                 *bucket.tokens_per_fill, manifest::print_duration(*bucket.fill_interval)),
                     bucket.max_tokens.written() ? bucket.max_tokens.origin : limit.origin};
  }
  return out;
}

}  // namespace marty::rules
