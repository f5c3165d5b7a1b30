#include "policy/retry_budget.hpp"

#include <algorithm>
#include <numeric>

namespace marty::policy {

RetryBudget::RetryBudget(const Config& config, Instant now) : slot_began_(now) {
  const double ratio = *config.ratio;
  // Whole numbers whose quotient is the ratio: above 1 in thousandths.
  deposit_ = ratio <= 0 ? 0 : ratio <= 1 ? 1 : 1000;
  withdrawal_ = ratio <= 0 ? 1 : static_cast<std::int64_t>(static_cast<double>(deposit_) / ratio);
  withdrawal_ = std::max<std::int64_t>(withdrawal_, 1);
  reserve_ = static_cast<std::int64_t>(*config.min_per_second) * (*config.ttl / 1s) * withdrawal_;
  slot_length_ = std::max<Duration>(*config.ttl / kSlots, 1ns);
}

void RetryBudget::expire(Instant now) {
  auto passed = now <= slot_began_ ? 0 : (now - slot_began_) / slot_length_;
  if (passed == 0) return;
  slot_began_ = slot_began_ + passed * slot_length_;
  for (passed = std::min<std::int64_t>(passed, kSlots); passed > 0; --passed) {
    current_ = (current_ + 1) % kSlots;
    slots_[current_] = 0;
  }
}

std::int64_t RetryBudget::balance() const { return std::accumulate(slots_.begin(), slots_.end(), reserve_); }

void RetryBudget::deposit(Instant now) {
  expire(now);
  slots_[current_] += deposit_;
}

bool RetryBudget::try_withdraw(Instant now) {
  expire(now);
  if (balance() < withdrawal_) return false;
  slots_[current_] -= withdrawal_;
  return true;
}

std::int64_t RetryBudget::retries_left(Instant now) {
  expire(now);
  return std::max<std::int64_t>(balance(), 0) / withdrawal_;
}

}  // namespace marty::policy
