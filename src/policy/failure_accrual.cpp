#include "policy/failure_accrual.hpp"

#include <algorithm>

#include "policy/backoff.hpp"

namespace marty::policy {

FailureAccrual::Change FailureAccrual::record(const Config& config, Instant now, Outcome outcome, Rng& rng) {
  if (gate_ == Gate::kShut) return Change::kNone;
  if (gate_ == Gate::kProbation) {
    if (outcome != Outcome::kSuccess) {
      shut(config, now, rng);
      return Change::kProbeFailed;
    }
    *this = FailureAccrual();
    return Change::kRecovered;
  }
  failures_ = outcome == Outcome::kFailure ? failures_ + 1 : 0;
  const bool rate = *config.mode == Mode::kUnified && rate_too_low(config, now, outcome);
  const bool in_a_row = failures_ != 0 && failures_ == *config.max_failures;
  if (!in_a_row && !rate) return Change::kNone;
  shut(config, now, rng);
  return in_a_row ? Change::kTripped : Change::kTrippedByRate;
}

bool FailureAccrual::rate_too_low(const Config& config, Instant now, Outcome outcome) {
  if (*config.success_rate <= 0) return false;
  const auto slice = std::max<std::int64_t>(config.window->count() / kBuckets, 1'000'000);
  const auto number = now.ns / slice;
  auto& current = window_[static_cast<std::size_t>(number % kBuckets)];
  if (current.number != number) current = {number, 0, 0};
  ++current.total;
  current.successes += outcome == Outcome::kSuccess ? 1 : 0;
  std::uint64_t total = 0, successes = 0;
  for (const auto& bucket : window_) {
    if (bucket.number <= number - kBuckets) continue;
    total += bucket.total;
    successes += bucket.successes;
  }
  return total >= *config.min_requests &&
         static_cast<double>(successes) < *config.success_rate * static_cast<double>(total);
}

void FailureAccrual::shut(const Config& config, Instant now, Rng& rng) {
  until_ = now + exponential_backoff(*config.min_penalty, *config.max_penalty, *config.jitter_ratio,
                                     penalties_, rng);
  ++penalties_;
  gate_ = Gate::kShut;
  probing_ = false;
}

bool FailureAccrual::tick(Instant now) {
  if (gate_ != Gate::kShut || now < until_) return false;
  gate_ = Gate::kProbation;
  return true;
}

}  // namespace marty::policy
