#include "policy/peak_ewma.hpp"

#include <gtest/gtest.h>

#include <array>

#include "policy/load_balancer.hpp"

namespace marty::policy {
namespace {

Instant at(Duration d) { return Instant{} + d; }
constexpr double kMs = 1e6;

TEST(PeakEwma, StartsAtThirtyMillisecondsAndDecays) {
  PeakEwma ewma(Instant{});
  EXPECT_DOUBLE_EQ(ewma.load({}, 0), 30 * kMs);
  EXPECT_DOUBLE_EQ(ewma.load({}, 2), 90 * kMs);
  EXPECT_NEAR(ewma.load(at(10s), 0), 30 * kMs / std::exp(1.0), 1);
  EXPECT_NEAR(ewma.load(at(20s), 0), 30 * kMs / std::exp(2.0), 1) << "reading in between changes nothing";
}

TEST(PeakEwma, JumpsToPeaksAndDriftsDown) {
  PeakEwma ewma(Instant{});
  ewma.sample(at(1s), 500ms);
  EXPECT_DOUBLE_EQ(ewma.load(at(1s), 0), 500 * kMs);
  ewma.sample(at(11s), 100ms);
  EXPECT_NEAR(ewma.load(at(11s), 0), (500 / std::exp(1.0) + 100 * (1 - 1 / std::exp(1.0))) * kMs, 10);
}

TEST(PeakEwma, TwoDistinctChoicesTheLowerLoadWins) {
  std::vector<EndpointLoad> loads(3);
  std::vector<PeakEwma> rtts(3, PeakEwma(Instant{}));
  rtts[1].sample({}, 200ms);
  Rng rng(5);
  std::array<int, 3> picked{};
  for (int i = 0; i < 3000; ++i) ++picked[*pick_peak_ewma(loads, rtts, {}, rng)];
  EXPECT_EQ(picked[1], 0) << "the slowest of two distinct ones never wins";
  EXPECT_NEAR(picked[0], 1500, 150);
}

TEST(PeakEwma, OnlyUsableEndpointsAreDrawn) {
  Rng rng(5);
  for (const std::size_t size : {4, 400}) {
    std::vector<EndpointLoad> loads(size);
    std::vector<PeakEwma> rtts(size, PeakEwma(Instant{}));
    for (auto& load : loads) load.usable = false;
    EXPECT_EQ(pick_peak_ewma(loads, rtts, {}, rng), std::nullopt);
    loads[2].usable = true;
    for (int i = 0; i < 100; ++i) EXPECT_EQ(pick_peak_ewma(loads, rtts, {}, rng), 2u);
    loads[3].usable = true;
    rtts[2].sample({}, 1s);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(pick_peak_ewma(loads, rtts, {}, rng), 3u);
  }
  EXPECT_EQ(pick_peak_ewma({}, {}, {}, rng), std::nullopt);
}

}  // namespace
}  // namespace marty::policy
