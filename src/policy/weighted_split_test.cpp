#include "policy/weighted_split.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

TEST(WeightedSplit, OneDestinationTakesAllWhateverItsWeight) {
  Rng rng(1);
  for (std::uint32_t weight : {0u, 1u, 57u}) {
    const WeightedSplit split({weight});
    EXPECT_EQ(split.pick(rng), 0u);
    EXPECT_DOUBLE_EQ(split.percent(0), 100);
  }
}

TEST(WeightedSplit, WeightZeroIsNeverPicked) {
  Rng rng(2);
  for (const auto& weights : std::vector<std::vector<std::uint32_t>>{{0, 1}, {1, 0}, {0, 1, 0, 2, 0}}) {
    const WeightedSplit split(weights);
    for (int i = 0; i < 10'000; ++i) ASSERT_GT(weights[split.pick(rng)], 0u);
  }
}

TEST(WeightedSplit, SharesConvergeAndNeedNotAddToAHundred) {
  constexpr int kCalls = 100'000;
  for (const auto& weights : std::vector<std::vector<std::uint32_t>>{{90, 10}, {1, 2, 3}, {900, 0, 50, 7}}) {
    const WeightedSplit split(weights);
    std::vector<int> picked(weights.size());
    Rng rng(3);
    for (int i = 0; i < kCalls; ++i) ++picked[split.pick(rng)];
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(100.0 * picked[i] / kCalls, split.percent(i), 0.5);
      sum += split.percent(i);
    }
    EXPECT_NEAR(sum, 100, 1e-9);
  }
}

TEST(WeightedSplit, LargestWeightsDoNotWrap) {
  const WeightedSplit split({UINT32_MAX, UINT32_MAX, UINT32_MAX});
  EXPECT_NEAR(split.percent(2), 100.0 / 3, 1e-9);
}

TEST(WeightedSplit, AllZeroFallsToTheFirst) {
  Rng rng(4);
  const WeightedSplit split({0, 0});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(split.pick(rng), 0u);
}

TEST(WeightedSplit, WhatIsNotReadyPassesItsShareOn) {
  const WeightedSplit split({60, 30, 10, 0});
  const struct {
    std::vector<bool> ready;
    std::vector<double> shares;  // of 10 000
  } table[] = {
      {{true, true, true, true}, {6000, 3000, 1000, 0}},
      {{false, true, true, true}, {0, 7500, 2500, 0}},
      {{false, false, true, true}, {0, 0, 10000, 0}},
  };
  Rng rng(11);
  for (const auto& row : table) {
    std::vector<int> picked(4);
    for (int i = 0; i < 10000; ++i)
      ++picked[split.pick_ready(rng, [&](std::size_t d) { return row.ready[d]; })];
    for (std::size_t d = 0; d < 4; ++d) EXPECT_NEAR(picked[d], row.shares[d], 200) << d;
  }
  EXPECT_EQ(split.pick_ready(rng, [](std::size_t d) { return d == 3; }), SIZE_MAX)
      << "weight 0 is never picked";
  EXPECT_EQ(WeightedSplit({0}).pick_ready(rng, [](std::size_t) { return true; }), 0u);
  EXPECT_EQ(WeightedSplit({0}).pick_ready(rng, [](std::size_t) { return false; }), SIZE_MAX);
}

}  // namespace
}  // namespace marty::policy
