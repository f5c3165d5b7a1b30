#include "core/timer_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/rng.hpp"

namespace marty {
namespace {

TEST(TimerQueue, RandomOperationsAgreeWithASortedList) {
  Rng rng(7);
  TimerQueue queue;
  std::vector<Timer> timers(64);
  for (int step = 0; step < 20000; ++step) {
    Timer& timer = timers[rng.below(timers.size())];
    if (rng.below(3) == 0) {
      queue.cancel(timer);
    } else {
      queue.set(timer, Instant{static_cast<std::int64_t>(rng.below(1000))});
    }
    const auto earliest =
        std::min_element(timers.begin(), timers.end(), [](auto& a, auto& b) { return a.at < b.at; });
    ASSERT_EQ(queue.next(), earliest->at);
  }
  Instant last{0};
  while (Timer* due = queue.pop_due(Instant{1000})) {
    EXPECT_EQ(due->slot, 0u);
    EXPECT_LE(last, queue.next());
    last = queue.next();
  }
  EXPECT_TRUE(queue.next().is_never());
}

TEST(TimerQueue, NothingIsDueBeforeItsTime) {
  TimerQueue queue;
  Timer timer;
  queue.set(timer, Instant{10});
  EXPECT_EQ(queue.pop_due(Instant{9}), nullptr);
  EXPECT_EQ(queue.pop_due(Instant{10}), &timer);
  EXPECT_EQ(queue.pop_due(Instant{11}), nullptr);
}

}  // namespace
}  // namespace marty
