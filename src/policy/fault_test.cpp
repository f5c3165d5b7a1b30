#include "policy/fault.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

Fault fault(std::uint32_t delay_ppm, std::uint32_t abort_ppm) {
  Fault f;
  f.delay = Fault::Delay{Duration(3s), delay_ppm};
  f.abort = Fault::Abort{std::uint16_t{503}, abort_ppm};
  return f;
}

TEST(Fault, NothingAndWholeAreCertain) {
  Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(Fault{}.draw_delay(rng), Duration{});
    ASSERT_FALSE(Fault{}.draw_abort(rng));
    ASSERT_EQ(fault(0, 0).draw_delay(rng), Duration{});
    ASSERT_FALSE(fault(0, 0).draw_abort(rng));
    ASSERT_EQ(fault(1'000'000, 0).draw_delay(rng), 3s);
    ASSERT_TRUE(fault(0, 1'000'000).draw_abort(rng));
  }
}

TEST(Fault, AbsentPercentageIsZero) {
  Fault f;
  f.delay.emplace().fixed = Duration(1s);
  f.abort.emplace();
  Rng rng(1);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(f.draw_delay(rng), Duration{});
    ASSERT_FALSE(f.draw_abort(rng));
  }
}

TEST(Fault, SharesConvergeAndDrawsAreIndependent) {
  constexpr int kCalls = 100'000;
  const auto f = fault(100'000, 50'000);
  Rng rng(42);
  int delays = 0, aborts = 0, both = 0;
  for (int i = 0; i < kCalls; ++i) {
    const bool delayed = f.draw_delay(rng) == 3s, aborted = f.draw_abort(rng);
    delays += delayed;
    aborts += aborted;
    both += delayed && aborted;
  }
  EXPECT_NEAR(delays, kCalls * 0.10, kCalls * 0.005);
  EXPECT_NEAR(aborts, kCalls * 0.05, kCalls * 0.004);
  EXPECT_NEAR(both, kCalls * 0.005, kCalls * 0.0015);
}

}  // namespace
}  // namespace marty::policy
