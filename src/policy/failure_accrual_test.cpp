#include "policy/failure_accrual.hpp"

#include <gtest/gtest.h>

#include <string>

namespace marty::policy {
namespace {

using Change = FailureAccrual::Change;
using Gate = FailureAccrual::Gate;
using Outcome = FailureAccrual::Outcome;

Instant at(Duration d) { return Instant{} + d; }

FailureAccrual::Config config(std::uint32_t failures, double jitter = 0) {
  FailureAccrual::Config c;
  c.max_failures = failures;
  c.min_penalty = Duration(1s);
  c.max_penalty = Duration(5s);
  c.jitter_ratio = jitter;
  return c;
}

/// 's' success, 'f' failure, 'l' limited; one second apart.
Outcome outcome(char c) {
  return c == 's' ? Outcome::kSuccess : c == 'f' ? Outcome::kFailure : Outcome::kLimited;
}

TEST(FailureAccrual, ConsecutiveFailuresTripTheBreaker) {
  const struct {
    const char* story;
    std::uint32_t most;
    std::string outcomes;
    int trips_at;  // -1: never
  } table[] = {
      {"three in a row", 3, "fff", 2},
      {"a success resets", 3, "ffsff", -1},
      {"and counting starts anew", 3, "ffsfff", 5},
      {"a 429 resets as well", 3, "ffllff", -1},
      {"one is enough for one", 1, "sf", 1},
      {"0 never trips", 0, "ffffffffff", -1},
  };
  for (const auto& row : table) {
    FailureAccrual accrual;
    Rng rng(1);
    int tripped = -1;
    for (std::size_t i = 0; i < row.outcomes.size() && tripped < 0; ++i)
      if (accrual.record(config(row.most), {}, outcome(row.outcomes[i]), rng) == Change::kTripped)
        tripped = static_cast<int>(i);
    EXPECT_EQ(tripped, row.trips_at) << row.story;
    EXPECT_EQ(accrual.admits(), row.trips_at < 0) << row.story;
  }
}

TEST(FailureAccrual, StatusesAreClassifiedAsLinkerdDoes) {
  for (int status = 100; status < 600; ++status) {
    const auto expected = status >= 500   ? Outcome::kFailure
                          : status == 429 ? Outcome::kLimited
                                          : Outcome::kSuccess;
    EXPECT_EQ(FailureAccrual::classify(status), expected) << status;
  }
}

TEST(FailureAccrual, PenaltiesDoubleUpToTheMostAndStartAnewAfterRecovery) {
  FailureAccrual accrual;
  Rng rng(1);
  const auto c = config(1);
  EXPECT_EQ(accrual.record(c, at(0s), Outcome::kFailure, rng), Change::kTripped);
  Instant now;
  for (const auto penalty : {1s, 2s, 4s, 5s, 5s}) {
    EXPECT_EQ(accrual.until(), now + penalty);
    EXPECT_FALSE(accrual.tick(now + penalty + -1ns));
    now = now + penalty;
    EXPECT_TRUE(accrual.tick(now));
    EXPECT_EQ(accrual.gate(), Gate::kProbation);
    EXPECT_EQ(accrual.record(c, now, Outcome::kFailure, rng), Change::kProbeFailed);
  }
  ASSERT_TRUE(accrual.tick(now + 5s));
  EXPECT_EQ(accrual.record(c, now + 5s, Outcome::kSuccess, rng), Change::kRecovered);
  EXPECT_EQ(accrual.gate(), Gate::kOpen);
  EXPECT_EQ(accrual.record(c, now + 6s, Outcome::kFailure, rng), Change::kTripped);
  EXPECT_EQ(accrual.until(), now + 7s);
}

TEST(FailureAccrual, JitterAddsAShareOfThePenaltyWithinTheMost) {
  Rng rng(7);
  Duration least = 1h, most{};
  for (int i = 0; i < 2000; ++i) {
    FailureAccrual accrual;
    accrual.record(config(1, 0.5), {}, Outcome::kFailure, rng);
    const auto penalty = accrual.until() - Instant{};
    least = std::min(least, penalty);
    most = std::max(most, penalty);
  }
  EXPECT_GE(least, 1s);
  EXPECT_LT(least, 1010ms);
  EXPECT_LE(most, 1500ms);
  EXPECT_GT(most, 1490ms);
}

TEST(FailureAccrual, WhileShutNothingCountsAndProbationAdmitsOne) {
  FailureAccrual accrual;
  Rng rng(1);
  const auto c = config(1);
  accrual.record(c, {}, Outcome::kFailure, rng);
  EXPECT_FALSE(accrual.admits());
  EXPECT_EQ(accrual.record(c, at(500ms), Outcome::kSuccess, rng), Change::kNone);
  EXPECT_EQ(accrual.gate(), Gate::kShut);
  accrual.tick(at(1s));
  EXPECT_TRUE(accrual.admits());
  accrual.admitted();
  EXPECT_FALSE(accrual.admits());
  accrual.forgone();
  EXPECT_TRUE(accrual.admits());
  accrual.admitted();
  EXPECT_EQ(accrual.record(c, at(2s), Outcome::kLimited, rng), Change::kProbeFailed);
  EXPECT_EQ(accrual.until(), at(4s));
}

TEST(FailureAccrual, UnifiedLooksAtTheRateInItsWindow) {
  const struct {
    const char* story;
    std::string outcomes;  // 100 ms apart, a blank is a pause of 20 s
    int trips_at;
  } table[] = {
      {"4 of 5 is 0.8, not below it", "ssssf", -1},
      {"3 of 5 is below", "sssff", 4},
      {"a 429 lowers the rate", "sssll", 4},
      {"too few to judge", "ffff", -1},
      {"what is older than the window is forgotten", "llll ssssl", -1},
      {"within the window it is not", "llllssssl", 4},
  };
  for (const auto& row : table) {
    auto c = config(100);
    c.mode = FailureAccrual::Mode::kUnified;
    FailureAccrual accrual;
    Rng rng(1);
    int tripped = -1;
    Instant now = at(1h);
    for (std::size_t i = 0; i < row.outcomes.size() && tripped < 0; ++i) {
      now = now + (row.outcomes[i] == ' ' ? Duration(20s) : Duration(100ms));
      if (row.outcomes[i] == ' ') continue;
      if (accrual.record(c, now, outcome(row.outcomes[i]), rng) == Change::kTrippedByRate)
        tripped = static_cast<int>(i);
    }
    EXPECT_EQ(tripped, row.trips_at) << row.story;
  }
}

}  // namespace
}  // namespace marty::policy
