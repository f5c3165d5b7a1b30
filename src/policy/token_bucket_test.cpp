#include "policy/token_bucket.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

TokenBucket::Config config(std::uint32_t max, std::uint32_t per_fill, Duration interval) {
  TokenBucket::Config c;
  c.max_tokens = max;
  c.tokens_per_fill = per_fill;
  c.fill_interval = interval;
  return c;
}
Instant at(Duration d) { return Instant{} + d; }

// Envoy 1.40, bucket 4 per 4 s: once drained it admits one after 1 s, the next at 2 s; not 4 at once at 4 s.
TEST(TokenBucket, RefillsContinuously) {
  TokenBucket bucket(config(4, 4, 4s), {});
  const std::pair<Duration, bool> table[] = {
      {0s, true},      {0s, true},     {0s, true}, {0s, true},  {0s, false},
      {500ms, false},  {999ms, false}, {1s, true}, {1s, false}, {2s, true},
      {2500ms, false}, {3s, true},     {5s, true}, {5s, true},  {5s, false},
  };
  for (const auto& [time, admitted] : table) EXPECT_EQ(bucket.try_take(at(time)), admitted) << time.count();
}

TEST(TokenBucket, NeverHoldsMoreThanItsBurst) {
  TokenBucket bucket(config(3, 100, 1s), {});
  EXPECT_EQ(bucket.tokens(at(24h * 365)), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.try_take(at(24h * 365)));
  EXPECT_FALSE(bucket.try_take(at(24h * 365)));
}

TEST(TokenBucket, SaysWhenTheNextTokenComes) {
  TokenBucket bucket(config(1, 3, 1s), {});
  EXPECT_EQ(bucket.until_next_token({}), Duration{});
  EXPECT_TRUE(bucket.try_take({}));
  const auto wait = bucket.until_next_token({});
  EXPECT_EQ(wait, Duration{333'333'334});
  EXPECT_FALSE(bucket.try_take(at(wait - 1ns)));
  EXPECT_TRUE(bucket.try_take(at(wait)));
}

TEST(TokenBucket, WithoutRefillOrRoomNothingEverComes) {
  TokenBucket dry(config(1, 0, 1s), {});
  EXPECT_TRUE(dry.try_take({}));
  EXPECT_EQ(dry.until_next_token(at(1h)), Duration::max());
  TokenBucket roomless(config(0, 5, 1s), {});
  EXPECT_FALSE(roomless.try_take(at(1h)));
  EXPECT_EQ(roomless.until_next_token(at(1h)), Duration::max());
}

TEST(TokenBucket, TimeGoingBackAddsNothing) {
  TokenBucket bucket(config(1, 1, 1s), at(10s));
  EXPECT_TRUE(bucket.try_take(at(10s)));
  EXPECT_FALSE(bucket.try_take(at(1s)));
  EXPECT_FALSE(bucket.try_take(at(10s)));
  EXPECT_TRUE(bucket.try_take(at(11s)));
}

TEST(TokenBucket, LargestNumbersDoNotWrap) {
  TokenBucket bucket(config(UINT32_MAX, UINT32_MAX, 24h * 365), {});
  EXPECT_TRUE(bucket.try_take({}));
  EXPECT_EQ(bucket.tokens(Instant{INT64_MAX - 1}), UINT32_MAX);
}

// Every pattern of arrivals over 14 ticks of 100 ms: admitted ≤ burst + rate·t, and no pattern is refused
// while a whole token is there.
TEST(TokenBucket, ExhaustiveNeverAboveBurstPlusRate) {
  constexpr Duration kTick = 100ms;
  for (unsigned arrivals = 0; arrivals < (1u << 14); ++arrivals) {
    TokenBucket bucket(config(2, 3, 1s), {});
    std::int64_t admitted = 0;
    for (int tick = 0; tick < 14; ++tick) {
      if (!(arrivals >> tick & 1u)) continue;
      const auto now = at(kTick * tick);
      const bool available = bucket.tokens(now) > 0;
      const bool taken = bucket.try_take(now);
      ASSERT_EQ(taken, available);
      admitted += taken;
      ASSERT_LE(admitted * 1000, 2000 + 3 * 100 * tick) << arrivals;
    }
  }
}

TEST(TokenBucket, NoDriftOverAMillionTakes) {
  TokenBucket bucket(config(1, 7, 1s), {});
  std::int64_t admitted = 0;
  for (std::int64_t i = 0; i < 1'000'000; ++i) admitted += bucket.try_take(at(10ms * i));
  // 10 000 s at 7/s and the first full token, checked every 10 ms: each token waits for the next check at
  // most.
  EXPECT_LE(admitted, 70'001);
  EXPECT_GE(admitted, 66'600);
}

}  // namespace
}  // namespace marty::policy
