#include "policy/rate_limit.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Verdict = RateLimiter::Verdict;

RateLimit limit(std::uint32_t tokens, std::uint32_t enabled_ppm, std::uint32_t enforced_ppm) {
  RateLimit config;
  config.bucket.max_tokens = tokens;
  config.bucket.fill_interval = Duration(60s);
  config.enabled_ppm = enabled_ppm;
  config.enforced_ppm = enforced_ppm;
  return config;
}

TEST(RateLimit, UnsetSharesLimitNothing) {
  RateLimit config;
  RateLimiter limiter(config, {});
  Rng rng(1);
  for (int i = 0; i < 50; ++i) ASSERT_EQ(limiter.check(config, {}, rng), Verdict::kSkipped);
  EXPECT_EQ(limiter.counters().enabled, 0u);
  EXPECT_EQ(limiter.bucket().tokens({}), 1u);
}

TEST(RateLimit, EnabledButNotEnforcedOnlyCounts) {
  const auto config = limit(1, 1'000'000, 0);
  RateLimiter limiter(config, {});
  Rng rng(1);
  EXPECT_EQ(limiter.check(config, {}, rng), Verdict::kPassed);
  EXPECT_EQ(limiter.check(config, {}, rng), Verdict::kOnlyCounted);
  EXPECT_EQ(limiter.counters().rate_limited, 1u);
  EXPECT_EQ(limiter.counters().enforced, 0u);
}

TEST(RateLimit, FullyEnforcedRefusesBeyondTheBurst) {
  const auto config = limit(200, 1'000'000, 1'000'000);
  RateLimiter limiter(config, {});
  Rng rng(1);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(limiter.check(config, {}, rng), Verdict::kPassed);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(limiter.check(config, {}, rng), Verdict::kRefused);
  EXPECT_EQ(limiter.counters().enabled, 210u);
  EXPECT_EQ(limiter.counters().ok, 200u);
  EXPECT_EQ(limiter.counters().rate_limited, 10u);
  EXPECT_EQ(limiter.counters().enforced, 10u);
}

TEST(RateLimit, SharesAreDrawnPerRequest) {
  const auto config = limit(0, 500'000, 500'000);
  RateLimiter limiter(config, {});
  Rng rng(9);
  for (int i = 0; i < 40'000; ++i) limiter.check(config, {}, rng);
  EXPECT_NEAR(static_cast<double>(limiter.counters().enabled), 20'000, 400);
  EXPECT_NEAR(static_cast<double>(limiter.counters().enforced), 10'000, 300);
}

}  // namespace
}  // namespace marty::policy
