#include "policy/load_balancer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace marty::policy {
namespace {

TEST(LoadBalancer, NothingUsableNothingPicked) {
  Rng rng(1);
  std::uint32_t cursor = 0;
  for (std::size_t n : {0u, 1u, 5u}) {
    const std::vector<EndpointLoad> loads(n, {0, false});
    EXPECT_FALSE(pick_least_request(loads, rng));
    EXPECT_FALSE(pick_random(loads, rng));
    EXPECT_FALSE(pick_round_robin(loads, cursor));
  }
}

// All usable/unusable patterns of up to 8 endpoints.
TEST(LoadBalancer, ExhaustiveNeverPicksTheUnusable) {
  Rng rng(2);
  for (std::size_t n = 1; n <= 8; ++n) {
    for (unsigned pattern = 1; pattern < (1u << n); ++pattern) {
      std::vector<EndpointLoad> loads(n);
      for (std::size_t i = 0; i < n; ++i) loads[i].usable = pattern >> i & 1u;
      std::uint32_t cursor = 12345;
      for (int i = 0; i < 20; ++i) {
        for (const auto pick :
             {pick_least_request(loads, rng), pick_random(loads, rng), pick_round_robin(loads, cursor)}) {
          ASSERT_TRUE(pick);
          ASSERT_TRUE(loads[*pick].usable);
        }
      }
    }
  }
}

TEST(LoadBalancer, OneUsableAmongThousandsIsFound) {
  std::vector<EndpointLoad> loads(10'000, {0, false});
  loads[7777].usable = true;
  Rng rng(3);
  std::uint32_t cursor = 8000;
  EXPECT_EQ(pick_least_request(loads, rng), 7777u);
  EXPECT_EQ(pick_random(loads, rng), 7777u);
  EXPECT_EQ(pick_round_robin(loads, cursor), 7777u);
}

TEST(LoadBalancer, RandomIsUniformAmongTheUsableEvenWhenFewAre) {
  std::vector<EndpointLoad> loads(100, {0, false});
  for (std::size_t i : {3u, 50u, 51u, 99u}) loads[i].usable = true;
  std::vector<int> picked(loads.size());
  Rng rng(4);
  for (int i = 0; i < 40'000; ++i) ++picked[*pick_random(loads, rng)];
  for (std::size_t i : {3u, 50u, 51u, 99u}) EXPECT_NEAR(picked[i], 10'000, 400) << i;
}

// Two draws with replacement among 2: the busier one is taken only when both draws hit it.
TEST(LoadBalancer, LeastRequestTakesTheBusierOneAQuarterOfTheTime) {
  const std::vector<EndpointLoad> loads{{9, true}, {1, true}};
  Rng rng(5);
  int busier = 0;
  for (int i = 0; i < 40'000; ++i) busier += *pick_least_request(loads, rng) == 0;
  EXPECT_NEAR(busier, 10'000, 400);
}

TEST(LoadBalancer, EqualLoadsShareEqually) {
  const std::vector<EndpointLoad> loads(4);
  std::vector<int> picked(4);
  Rng rng(6);
  for (int i = 0; i < 40'000; ++i) ++picked[*pick_least_request(loads, rng)];
  for (const int n : picked) EXPECT_NEAR(n, 10'000, 400);
}

TEST(LoadBalancer, RoundRobinVisitsUsableInTurn) {
  std::vector<EndpointLoad> loads(4);
  loads[2].usable = false;
  std::uint32_t cursor = UINT32_MAX;  // a random start may be beyond the list: 4294967295 % 4 = 3
  const std::size_t expected[] = {3, 0, 1, 3, 0, 1, 3};
  for (const auto index : expected) EXPECT_EQ(pick_round_robin(loads, cursor), index);
}

TEST(LoadBalancer, SameSeedSamePicks) {
  const std::vector<EndpointLoad> loads(16);
  Rng a(7), b(7);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(pick_least_request(loads, a), pick_least_request(loads, b));
}

}  // namespace
}  // namespace marty::policy
