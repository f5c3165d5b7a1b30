#include <gtest/gtest.h>

#include "engine/test_shop.hpp"

namespace marty::engine::testing {
namespace {

using telemetry::MetricId;

struct AdoptTest : ::testing::Test {
  AdoptTest() {
    policy::OutlierDetection::Config outliers;
    outliers.consecutive_5xx = {1, {}};
    outliers.max_ejection_percent = {50, {}};
    model.destinations.front().policy.outliers = outliers;
  }
  std::vector<std::string> ejected() {
    std::vector<std::string> out;
    for (const auto& view : engine->endpoints())
      if (view.ejected) out.emplace_back(view.pod);
    return out;
  }
  mesh::Model model = shop();
  Instant now{};
  std::unique_ptr<Engine> engine = nullptr;
};

TEST_F(AdoptTest, EjectionsAndPoolsFollowTheAddress) {
  engine = std::make_unique<Engine>(outbound(model, pods(3)), Rng(1), now);
  const auto failed = play(*engine, now, {}, always(500)).pods.front();
  ASSERT_EQ(ejected(), std::vector{failed});
  auto instances = pods(3);
  const auto gone = instances.front().pod == failed ? instances.begin() + 1 : instances.begin();
  instances.erase(gone);
  const auto closed = engine->adopt(now, outbound(model, instances));
  EXPECT_EQ(closed.size(), 1u) << "only the pool of the pod that is gone";
  EXPECT_EQ(ejected(), std::vector{failed});
  EXPECT_EQ(count(*engine, MetricId::kEjectionsEnforcedTotal), 1u);
}

TEST_F(AdoptTest, ChangedPolicyStartsAfresh) {
  engine = std::make_unique<Engine>(outbound(model, pods(3)), Rng(1), now);
  play(*engine, now, {}, always(500));
  model.destinations.front().policy.outliers->consecutive_5xx = {2, {}};
  EXPECT_TRUE(engine->adopt(now, outbound(model, pods(3))).empty());
  EXPECT_TRUE(ejected().empty());
}

TEST_F(AdoptTest, CallsEndUnderTheProgramTheyBeganWith) {
  engine = std::make_unique<Engine>(outbound(model, pods(2)), Rng(1), now);
  Call call;
  const Request request;
  engine->begin(now, request.view(), call);
  std::weak_ptr<const Program> old = call.program;
  engine->adopt(now, outbound(model, {}));
  ASSERT_EQ(engine->choose_endpoint(now, call).kind, Verdict::Kind::kProceed);
  ASSERT_TRUE(engine->open_connection(now, call.endpoint, 0));
  const auto connection = call.endpoint;
  engine->start_try(now, call);
  engine->response_head(now, call, 200, {});
  engine->finish(now, {}, call, {});
  EXPECT_FALSE(old.expired()) << "a connection is still open under it";
  EXPECT_EQ(count(*engine, MetricId::kUpstreamCxActive), 1u);
  engine->connection_closed(connection);
  engine->tick(now);
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(play(*engine, now, {}, always(200)).flags, "UH");
}

TEST_F(AdoptTest, BucketsKeepTheirTokens) {
  mesh::InboundRateLimit limit;
  limit.ns = "shop";
  limit.limit.bucket.fill_interval = {60s, {}};
  limit.limit.enabled_ppm = limit.limit.enforced_ppm = {1'000'000, {}};
  model.rate_limits.push_back(limit);
  engine = std::make_unique<Engine>(inbound(model), Rng(1), now);
  EXPECT_EQ(play(*engine, now, {}, always(200)).status, 200);
  engine->adopt(now, inbound(model));
  EXPECT_EQ(play(*engine, now, {}, always(200)).status, 429);
  model.rate_limits.front().limit.bucket.max_tokens = {2, {}};
  engine->adopt(now, inbound(model));
  EXPECT_EQ(play(*engine, now, {}, always(200)).status, 200);
}

}  // namespace
}  // namespace marty::engine::testing
