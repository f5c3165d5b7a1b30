#include "policy/token_bucket.hpp"

#include <algorithm>

namespace marty::policy {

TokenBucket::TokenBucket(const Config& config, Instant now)
    : unit_(static_cast<std::uint64_t>(std::max<std::int64_t>(config.fill_interval->count(), 1))),
      rate_(*config.tokens_per_fill),
      capacity_(static_cast<Wide>(*config.max_tokens) * unit_),
      stored_(capacity_),
      last_(now) {}

Wide TokenBucket::stored_at(Instant now) const {
  if (now <= last_) return stored_;
  const auto elapsed = static_cast<std::uint64_t>((now - last_).count());
  return std::min(capacity_, stored_ + static_cast<Wide>(elapsed) * rate_);
}

bool TokenBucket::try_take(Instant now) {
  stored_ = stored_at(now);
  last_ = std::max(last_, now);
  if (stored_ < unit_) return false;
  stored_ -= unit_;
  return true;
}

std::uint32_t TokenBucket::tokens(Instant now) const {
  return static_cast<std::uint32_t>(stored_at(now) / unit_);
}

Duration TokenBucket::until_next_token(Instant now) const {
  const Wide stored = stored_at(now);
  if (stored >= unit_) return {};
  if (rate_ == 0 || capacity_ < unit_) return Duration::max();
  return Duration{static_cast<std::int64_t>((unit_ - stored + rate_ - 1) / rate_)};
}

}  // namespace marty::policy
