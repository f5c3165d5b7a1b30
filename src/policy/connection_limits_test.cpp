#include "policy/connection_limits.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

ConnectionLimits::Config limits(std::uint32_t n) {
  ConnectionLimits::Config config;
  config.max_connections = config.max_pending_requests = config.max_requests = config.max_retries = n;
  return config;
}

TEST(ConnectionLimits, OneServedOneQueuedTheRestRefused) {
  const auto config = limits(1);
  ConnectionLimits state;
  EXPECT_TRUE(state.try_enqueue(config));
  EXPECT_TRUE(state.try_connect(config, 0));
  state.dequeued();
  EXPECT_TRUE(state.try_start(config));
  EXPECT_TRUE(state.try_enqueue(config));
  EXPECT_FALSE(state.try_connect(config, 1));
  EXPECT_FALSE(state.try_enqueue(config));
  EXPECT_FALSE(state.try_enqueue(config));
  EXPECT_EQ(state.overflows().cx, 1u);
  EXPECT_EQ(state.overflows().rq_pending, 2u);
  EXPECT_EQ(state.overflows().rq_active, 0u);
  state.finished();
  state.dequeued();
  EXPECT_TRUE(state.try_start(config));
}

TEST(ConnectionLimits, AnEndpointWithoutConnectionsAlwaysGetsOne) {
  const auto config = limits(1);
  ConnectionLimits state;
  EXPECT_TRUE(state.try_connect(config, 0));
  EXPECT_TRUE(state.try_connect(config, 0)) << "another endpoint";
  EXPECT_FALSE(state.try_connect(config, 1));
  EXPECT_EQ(state.active().connections, 2u);
  EXPECT_EQ(state.overflows().cx, 2u);
}

TEST(ConnectionLimits, ZeroIsUnset) {
  const auto config = limits(0);
  ConnectionLimits state;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(state.try_connect(config, 5) && state.try_enqueue(config) && state.try_start(config) &&
                state.try_retry(config));
  }
  const auto open = state.open(config);
  EXPECT_FALSE(open.cx || open.rq || open.rq_pending || open.rq_retry);
}

TEST(ConnectionLimits, OpenGaugesFollowTheLimits) {
  const auto config = limits(2);
  ConnectionLimits state;
  EXPECT_TRUE(state.try_retry(config));
  EXPECT_FALSE(state.open(config).rq_retry);
  EXPECT_TRUE(state.try_retry(config));
  EXPECT_TRUE(state.open(config).rq_retry);
  EXPECT_FALSE(state.try_retry(config));
  EXPECT_EQ(state.overflows().rq_retry, 1u);
  state.retry_finished();
  EXPECT_FALSE(state.open(config).rq_retry);
  EXPECT_FALSE(state.open(config).rq);
}

// All sequences of start/finish up to length 12 with a limit of 2: never more than 2 active, and every
// refusal happens at the limit only.
TEST(ConnectionLimits, ExhaustiveNeverAboveTheLimit) {
  const auto config = limits(2);
  for (unsigned word = 0; word < (1u << 12); ++word) {
    ConnectionLimits state;
    for (int step = 0; step < 12; ++step) {
      const auto before = state.active().requests;
      if (word >> step & 1u) {
        ASSERT_EQ(state.try_start(config), before < 2);
      } else if (before > 0) {
        state.finished();
      }
      ASSERT_LE(state.active().requests, 2u);
    }
  }
}

TEST(ConnectionLimitsDeathTest, ReleasingWhatIsNotHeldIsABug) {
  ConnectionLimits state;
  EXPECT_DEATH(state.finished(), "internal error");
}

}  // namespace
}  // namespace marty::policy
