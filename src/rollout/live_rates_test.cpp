#include "rollout/live_rates.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace marty::rollout {
namespace {

std::string page(int good, int bad, int plain, int fast, int slow) {
  const std::string to =
      "reporter=\"destination\",destination_service_name=\"pets\",destination_version=\"v1\"";
  return fmt::format(
      "# TYPE istio_requests_total counter\n"
      "istio_requests_total{{proxy=\"a\",{0},response_code=\"200\",connection_security_policy=\"mutual_tls\"}"
      "} {1}\n"
      "istio_requests_total{{proxy=\"b\",{0},response_code=\"503\",connection_security_policy=\"mutual_tls\"}"
      "} {2}\n"
      "istio_requests_total{{proxy=\"b\",{0},response_code=\"404\",connection_security_policy=\"none\"}} "
      "{3}\n"
      "istio_requests_total{{reporter=\"source\",destination_service_name=\"pets\",response_code=\"200\"}} "
      "999\n"
      "istio_request_duration_milliseconds_bucket{{{0},le=\"10\"}} {4}\n"
      "istio_request_duration_milliseconds_bucket{{{0},le=\"100\"}} {5}\n"
      "istio_request_duration_milliseconds_bucket{{{0},le=\"+Inf\"}} {5}\n"
      "envoy_cluster_upstream_rq{{x=\"y\"}} 5\n",
      to, good, bad, plain, fast, fast + slow);
}

TEST(LiveRates, AreWhatHappenedBetweenTwoPages) {
  const auto before = read_counters(page(100, 10, 0, 50, 60));
  const auto after = read_counters(page(160, 20, 30, 100, 110));
  ASSERT_EQ(after.size(), 1u);
  const auto all = rates(before, after, 2);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].service, "pets v1");
  EXPECT_DOUBLE_EQ(all[0].requests_per_second, 50);
  EXPECT_DOUBLE_EQ(*all[0].success_percent, 90);
  EXPECT_DOUBLE_EQ(*all[0].mutual_tls_percent, 70);
  EXPECT_DOUBLE_EQ(*all[0].p50_ms, 10);
  EXPECT_DOUBLE_EQ(*all[0].p99_ms, 10 + 90 * 0.98);
}

TEST(LiveRates, WithoutRequestsThereAreNoShares) {
  const auto same = read_counters(page(1, 2, 3, 4, 5));
  const auto all = rates(same, same, 1);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_DOUBLE_EQ(all[0].requests_per_second, 0);
  EXPECT_FALSE(all[0].success_percent);
  EXPECT_FALSE(all[0].p99_ms);
}

TEST(LiveRates, ACounterThatBeganAnewIsNotNegative) {
  const auto all = rates(read_counters(page(1000, 0, 0, 1000, 0)), read_counters(page(10, 0, 0, 10, 0)), 1);
  EXPECT_DOUBLE_EQ(all[0].requests_per_second, 10);
}

TEST(LiveRates, AnythingElseIsSkipped) {
  EXPECT_TRUE(read_counters("").empty());
  EXPECT_TRUE(
      read_counters("nonsense\nistio_requests_total{\n{}\nistio_requests_total{reporter=\"destination\"} x\n")
          .empty());
}

}  // namespace
}  // namespace marty::rollout
