#include "telemetry/trace.hpp"

#include <gtest/gtest.h>

#include "telemetry/decision_ring.hpp"

namespace marty::telemetry {
namespace {

TEST(Trace, KeepsStepsInOrder) {
  Trace trace;
  trace.add(StepKind::kRouteMatched, {31, 9, 2}, 1us, 0, 3);
  trace.add(StepKind::kResponded, {}, 2ms, 200);
  ASSERT_EQ(trace.steps().size(), 2u);
  EXPECT_EQ(trace.steps()[0].origin, (Origin{31, 9, 2}));
  EXPECT_EQ(trace.steps()[0].b, 3u);
  EXPECT_EQ(trace.steps()[1].at, 2ms);
  trace.clear();
  EXPECT_TRUE(trace.steps().empty());
}

TEST(Trace, TheLastSlotSaysHowManyWereDropped) {
  for (std::size_t added : {31u, 32u, 33u, 34u, 100u}) {
    Trace trace;
    for (std::size_t i = 0; i < added; ++i)
      trace.add(StepKind::kTryStarted, {}, i * 1ms, static_cast<std::uint32_t>(i));
    const auto steps = trace.steps();
    if (added <= Trace::kCapacity) {
      EXPECT_EQ(steps.size(), added);
      EXPECT_EQ(steps.back().kind, StepKind::kTryStarted);
      continue;
    }
    EXPECT_EQ(steps.size(), Trace::kCapacity);
    EXPECT_EQ(steps.back().kind, StepKind::kStepsDropped);
    EXPECT_EQ(steps.back().a, added - (Trace::kCapacity - 1));
    EXPECT_EQ(steps.back().at, (added - 1) * 1ms);
    EXPECT_EQ(steps[Trace::kCapacity - 2].a, Trace::kCapacity - 2);
  }
}

TEST(Trace, FindsTheLastOfAKind) {
  Trace trace;
  trace.add(StepKind::kTryStarted, {}, 0ms, 1);
  trace.add(StepKind::kTryFailed, {}, 1ms, 1);
  trace.add(StepKind::kTryStarted, {}, 2ms, 2);
  EXPECT_EQ(trace.last(StepKind::kTryStarted)->a, 2u);
  EXPECT_EQ(trace.last(StepKind::kResponded), nullptr);
}

TEST(Trace, CopiesAreIndependent) {
  Trace trace;
  trace.add(StepKind::kNoRoute, {}, 0ms);
  Trace copy = trace;
  copy.add(StepKind::kResponded, {}, 0ms, 404);
  EXPECT_EQ(trace.steps().size(), 1u);
  EXPECT_EQ(copy.steps().size(), 2u);
}

TEST(DecisionRing, KeepsTheLastOnes) {
  DecisionRing ring(3);
  Trace trace;
  for (int i = 1; i <= 5; ++i) {
    trace.clear();
    trace.add(StepKind::kResponded, {}, 0ms, static_cast<std::uint32_t>(i));
    Flags flags;
    if (i == 5) flags.set(Flag::kNoRoute);
    ring.record(WallTime{i}, "GET", "/" + std::to_string(i), 200 + i, flags, 7, trace);
    EXPECT_EQ(ring.size(), static_cast<std::size_t>(std::min(i, 3)));
    EXPECT_EQ(ring.newest().status, 200 + i);
  }
  EXPECT_EQ(ring.recorded(), 5u);
  for (std::size_t back = 0; back < 3; ++back) {
    const auto& decision = ring.newest(back);
    const auto number = 5 - back;
    EXPECT_EQ(decision.number, number);
    EXPECT_EQ(decision.path.view(), "/" + std::to_string(number));
    EXPECT_EQ(decision.trace.steps()[0].a, number);
    EXPECT_EQ(ring.find(number), &decision);
  }
  EXPECT_TRUE(ring.newest().flags.has(Flag::kNoRoute));
  EXPECT_EQ(ring.newest().generation, 7u);
  for (std::uint64_t gone : {0u, 1u, 2u, 6u}) EXPECT_EQ(ring.find(gone), nullptr) << gone;
}

TEST(DecisionRing, CutsLongTexts) {
  DecisionRing ring(1);
  const std::string longest(160, 'x');
  ring.record({}, "GET", longest, 200, {}, 0, {});
  EXPECT_EQ(ring.newest().path.view(), longest);
  ring.record({}, "BASELINE-CONTROL-X", longest + "y", 200, {}, 0, {});
  EXPECT_EQ(ring.newest().method.view(), "BASELINE-CONTR..");
  EXPECT_EQ(ring.newest().path.view(), longest.substr(0, 158) + "..");
}

}  // namespace
}  // namespace marty::telemetry
