#include <gtest/gtest.h>

#include "engine/test_shop.hpp"

namespace marty::engine::testing {
namespace {

using policy::Retry;
using policy::TryFailure;
using telemetry::MetricId;
using telemetry::StepKind;

policy::OutlierDetection::Config outliers(std::uint32_t gateway_errors, std::uint32_t percent) {
  policy::OutlierDetection::Config config;
  config.consecutive_5xx = {0, {}};
  config.consecutive_gateway_errors = {gateway_errors, {1, 1, 0}};
  config.max_ejection_percent = {percent, {}};
  return config;
}

struct EngineTest : ::testing::Test {
  mesh::Model model = shop();
  Instant now{1'000'000'000};
  std::unique_ptr<Engine> engine;
  Engine& start(std::shared_ptr<const Program> program) {
    engine = std::make_unique<Engine>(std::move(program), Rng(7), now);
    return *engine;
  }
};

// istio.md 3: how Envoy words its own answers.
TEST_F(EngineTest, LocalRepliesAreEnvoys) {
  struct Row {
    const char* name;
    Outcome outcome;
    int status;
    const char *body, *flags, *details;
  };
  const Row rows[] = {
      {"answered", {200}, 200, "", "-", "via_upstream"},
      {"answered 500", {500}, 500, "", "-", "via_upstream"},
      {"reset",
       {0, TryFailure::kReset},
       503,
       "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
       "UC",
       "upstream_reset_before_response_started{connection_termination}"},
      {"garbage",
       {0, TryFailure::kProtocolError},
       502,
       "upstream connect error or disconnect/reset before headers. reset reason: protocol error",
       "UPE",
       "upstream_reset_before_response_started{protocol_error}"},
      {"refused, default retries used up",
       {0, TryFailure::kConnectFailure},
       503,
       "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: "
       "remote "
       "connection failure",
       "URX,UF",
       "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_"
       "refused}"},
  };
  for (const auto& row : rows) {
    start(outbound(model, pods(2)));
    const auto ended = play(*engine, now, {}, [&](const Endpoint&) { return row.outcome; });
    EXPECT_EQ(ended.status, row.status) << row.name;
    EXPECT_EQ(ended.body, row.body) << row.name;
    EXPECT_EQ(ended.flags, row.flags) << row.name;
    EXPECT_EQ(ended.details, row.details) << row.name;
  }
}

// istio.md 2.4, "Facts": the default policy retries connection failures only.
TEST_F(EngineTest, DefaultRetryPolicy) {
  start(outbound(model, pods(3)));
  EXPECT_EQ(play(*engine, now, {}, always(503)).tries, 1u);
  EXPECT_EQ(play(*engine, now, {}, [](auto&) { return Outcome{0, TryFailure::kReset, {}, {}}; }).tries, 1u);
  const auto refused = play(*engine, now, {}, [](auto&) {
    return Outcome{0, TryFailure::kConnectFailure, {}, {}};
  });
  EXPECT_EQ(refused.tries, 3u);
  auto avoided = refused.pods;
  std::sort(avoided.begin(), avoided.end());
  EXPECT_EQ(std::unique(avoided.begin(), avoided.end()) - avoided.begin(), 3) << "earlier pods are avoided";
}

TEST_F(EngineTest, OnlyPodIsTriedAgain) {
  start(outbound(model, pods(1)));
  const auto ended = play(*engine, now, {}, [](auto&) {
    return Outcome{0, TryFailure::kConnectFailure, {}, {}};
  });
  EXPECT_EQ(ended.pods, std::vector<std::string>(3, "shop-v1-0"));
}

TEST_F(EngineTest, RetriesMaskAFailingPod) {
  route(model, "v1").retries = retries(3, Retry::kGatewayError);
  start(outbound(model, pods(3)));
  for (int i = 0; i < 50; ++i) {
    const auto ended = play(*engine, now, {}, [](const Endpoint& e) {
      return Outcome{e.owner.pod == "shop-v1-1" ? 503 : 200, {}, {}, {}};
    });
    EXPECT_EQ(ended.status, 200);
    EXPECT_EQ(ended.flags, "-");
  }
  EXPECT_GT(count(*engine, MetricId::kUpstreamRqRetry), 5u);
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqRetry), count(*engine, MetricId::kUpstreamRqRetrySuccess));
  EXPECT_EQ(count(*engine, MetricId::kRequests), 50u);
}

TEST_F(EngineTest, ExhaustedRetriesPassTheAnswerOn) {
  route(model, "v1").retries = retries(2, Retry::k5xx);
  start(outbound(model, pods(3)));
  const auto ended = play(*engine, now, {}, always(500));
  EXPECT_EQ(ended.tries, 3u);
  EXPECT_EQ(ended.status, 500);
  EXPECT_EQ(ended.flags, "URX");
  EXPECT_EQ(ended.details, "via_upstream");
  EXPECT_LT(ended.took, 75ms) << "25 ms and 50 ms at most";
}

TEST_F(EngineTest, RefusalsByLimitsAreNotRetried) {
  route(model, "v1").retries = retries(3, Retry::k5xx);
  start(outbound(model, pods(2)));
  for (const auto* name : {"x-envoy-overloaded", "X-Envoy-RateLimited"}) {
    const auto ended = play(*engine, now, {}, [&](auto&) { return Outcome{503, {}, {}, {{name, "true"}}}; });
    EXPECT_EQ(ended.tries, 1u) << name;
    EXPECT_EQ(ended.flags, "-") << name;
  }
}

TEST_F(EngineTest, MaxRetriesReturnsTheOriginalAnswer) {
  route(model, "v1").retries = retries(2, Retry::k5xx);
  policy::ConnectionLimits::Config limits;
  limits.max_retries = {1, {}};
  model.destinations.front().policy.limits = limits;
  start(outbound(model, pods(2)));
  const Request request;
  Call first, second;
  for (auto* call : {&first, &second}) {
    engine->begin(now, request.view(), *call);
    engine->choose_endpoint(now, *call);
    engine->start_try(now, *call);
  }
  EXPECT_EQ(engine->response_head(now, first, 500, {}).kind, Verdict::Kind::kWait);
  EXPECT_EQ(engine->response_head(now, second, 500, {}).kind, Verdict::Kind::kProceed);
  EXPECT_EQ(telemetry::FlagsText(second.flags).view(), "UO");
  for (auto* call : {&first, &second}) engine->finish(now, {}, *call, {});
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqRetryOverflow), 1u);
}

TEST_F(EngineTest, PerTryTimeoutIsRetriedOnlyWhereItCounts) {
  for (const bool counts : {true, false}) {
    model = shop();
    auto config = retries(1, counts ? Retry::kGatewayError : Retry::kConnectFailure);
    config.per_try_timeout = Sourced<Duration>{2s};
    route(model, "v1").retries = config;
    start(outbound(model, pods(2)));
    const auto ended = play(*engine, now, {}, [](auto&) { return Outcome{200, {}, 5s, {}}; });
    EXPECT_EQ(ended.tries, counts ? 2u : 1u);
    EXPECT_EQ(ended.status, 504);
    EXPECT_EQ(ended.body, "upstream request timeout");
    EXPECT_EQ(ended.flags, counts ? "URX,UT" : "UT");
    EXPECT_EQ(ended.details, "upstream_per_try_timeout");
  }
}

TEST_F(EngineTest, RouteTimeoutCoversAllTries) {
  auto config = retries(10, Retry::kGatewayError);
  config.per_try_timeout = Sourced<Duration>{2s};
  auto& to = route(model, "v1");
  to.retries = config;
  to.timeout = Sourced<Duration>{3s};
  start(outbound(model, pods(2)));
  const auto ended = play(*engine, now, {}, [](auto&) { return Outcome{200, {}, 60s, {}}; });
  EXPECT_EQ(ended.tries, 2u);
  EXPECT_EQ(ended.status, 504);
  EXPECT_EQ(ended.flags, "UT");
  EXPECT_EQ(ended.details, "response_timeout");
  EXPECT_EQ(ended.took, 3s);
}

TEST_F(EngineTest, EjectsAfterConsecutiveFailuresAndTakesBack) {
  model.destinations.front().policy.outliers = outliers(3, 50);
  route(model, "v1").retries = retries(0, 0);
  start(outbound(model, pods(3)));
  const auto failing = [](const Endpoint& e) {
    return Outcome{e.owner.pod == "shop-v1-0" ? 503 : 200, {}, {}, {}};
  };
  const auto out = [&] {
    const auto views = engine->endpoints();
    return std::count_if(views.begin(), views.end(), [](const auto& v) { return v.ejected; });
  };
  for (int i = 0; i < 100; ++i) play(*engine, now, {}, failing);
  EXPECT_EQ(out(), 1);
  EXPECT_EQ(count(*engine, MetricId::kEjectionsActive), 1u);
  EXPECT_EQ(count(*engine, MetricId::kMembershipHealthy), 2u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(play(*engine, now, {}, failing).status, 200);
  const auto ejected = now;
  while (out() == 1) {
    now = engine->next_wakeup();
    engine->tick(now);
  }
  EXPECT_EQ(now - ejected, 30s) << "base ejection time, at the sweep that ends it";
  bool seen = false;
  for (int i = 0; i < 50; ++i) seen |= play(*engine, now, {}, always(200)).pods.front() == "shop-v1-0";
  EXPECT_TRUE(seen);
}

TEST_F(EngineTest, AllEjectedIsNoHealthyUpstream) {
  model.destinations.front().policy.outliers = outliers(1, 100);
  route(model, "v1").retries = retries(3, Retry::kGatewayError);
  start(outbound(model, pods(2)));
  const auto ended = play(*engine, now, {}, always(503));
  EXPECT_EQ(ended.status, 503);
  EXPECT_EQ(ended.body, "no healthy upstream");
  EXPECT_EQ(ended.flags, "UH");
  EXPECT_EQ(ended.tries, 2u) << "retries feed outlier detection";
}

TEST_F(EngineTest, MissingSubsetAndEmptySubset) {
  route(model, "v9");
  start(outbound(model, pods(2)));
  auto ended = play(*engine, now, {}, always(200));
  EXPECT_EQ(ended.flags, "NC");
  EXPECT_EQ(ended.details, "cluster_not_found");
  model = shop();
  route(model, "v2");
  start(outbound(model, pods(2)));
  ended = play(*engine, now, {}, always(200));
  EXPECT_EQ(ended.flags, "UH");
}

TEST_F(EngineTest, UnknownHostAndNoRoute) {
  auto& only = route(model, "v1");
  policy::RouteMatch match;
  match.uri = policy::StringMatch{policy::StringMatch::Kind::kPrefix, "/api", false, {}, nullptr};
  only.matches.push_back(match);
  start(outbound(model, pods(1)));
  auto ended = play(*engine, now, {.authority = "nowhere:8080"}, always(200));
  EXPECT_EQ(ended.status, 502);
  EXPECT_EQ(ended.details, "direct_response");
  EXPECT_EQ(count(*engine, MetricId::kRequests, {"BlackHoleCluster"}), 1u);
  ended = play(*engine, now, {}, always(200));
  EXPECT_EQ(ended.status, 404);
  EXPECT_EQ(ended.flags, "NR");
  ended = play(*engine, now, {.path = "/api/x"}, always(200));
  EXPECT_EQ(ended.status, 200);
}

TEST_F(EngineTest, FaultsDelayThenAbortAndAreNeverRetried) {
  auto& to = route(model, "v1");
  to.retries = retries(3, Retry::k5xx);
  to.timeout = Sourced<Duration>{1s};
  to.fault.emplace();
  to.fault->delay = policy::Fault::Delay{{3s, {}}, {1'000'000, {}}};
  start(outbound(model, pods(1)));
  auto ended = play(*engine, now, {}, always(200));
  EXPECT_EQ(ended.flags, "DI");
  EXPECT_EQ(ended.took, 3s) << "the timeout does not count the delay";
  to.fault->abort = policy::Fault::Abort{{418, {}}, {1'000'000, {}}};
  start(outbound(model, pods(1)));
  ended = play(*engine, now, {}, always(200));
  EXPECT_EQ(ended.status, 418);
  EXPECT_EQ(ended.flags, "DI,FI");
  EXPECT_EQ(ended.body, "fault filter abort");
  EXPECT_EQ(ended.tries, 0u);
  EXPECT_EQ(count(*engine, MetricId::kFaultAborts, {"outbound_0.0.0.0_8080"}), 1u);
  EXPECT_EQ(count(*engine, MetricId::kFaultActive), 0u);
}

TEST_F(EngineTest, FaultSharesAreDrawn) {
  route(model, "v1").fault.emplace().abort = policy::Fault::Abort{{503, {}}, {50'000, {}}};
  start(outbound(model, pods(1)));
  int aborted = 0;
  for (int i = 0; i < 4000; ++i) aborted += play(*engine, now, {}, always(200)).status == 503;
  EXPECT_NEAR(aborted, 200, 50);
}

TEST_F(EngineTest, SplitFollowsWeightsAndRetriesStayInTheSubset) {
  auto& to = route(model, "v1");
  to.destinations.front().weight = {90, {}};
  to.destinations.push_back(to.destinations.front());
  to.destinations.back().subset = {"v2", {}};
  to.destinations.back().weight = {10, {}};
  to.retries = retries(2, Retry::k5xx);
  start(outbound(model, pods(2, 2)));
  int v2 = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto ended = play(*engine, now, {}, always(500));
    for (const auto& pod : ended.pods) EXPECT_EQ(pod.substr(0, 7), ended.pods.front().substr(0, 7));
    v2 += ended.pods.front().starts_with("shop-v2");
  }
  EXPECT_NEAR(v2, 300, 60);
}

TEST_F(EngineTest, LimitsOverflow) {
  policy::ConnectionLimits::Config limits;
  limits.max_connections = {1, {}};
  limits.max_pending_requests = {1, {}};
  limits.max_requests = {1, {}};
  model.destinations.front().policy.limits = limits;
  start(outbound(model, pods(1)));
  Call a, b, c;
  const Request request;
  for (auto* call : {&a, &b, &c}) {
    ASSERT_EQ(engine->begin(now, request.view(), *call).kind, Verdict::Kind::kProceed);
    engine->choose_endpoint(now, *call);
  }
  EXPECT_EQ(engine->enqueue(now, a).kind, Verdict::Kind::kProceed);
  EXPECT_TRUE(engine->open_connection(now, a.endpoint, 0));
  const auto refused = engine->enqueue(now, b);
  EXPECT_EQ(refused.reply.status, 503);
  EXPECT_TRUE(refused.reply.overloaded);
  EXPECT_EQ(refused.reply.details, "upstream_reset_before_response_started{overflow}");
  EXPECT_EQ(telemetry::FlagsText(b.flags).view(), "UO");
  EXPECT_EQ(engine->start_try(now, a).kind, Verdict::Kind::kProceed);
  EXPECT_FALSE(engine->open_connection(now, c.endpoint, 1));
  EXPECT_EQ(engine->start_try(now, c).reply.status, 503);
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqPendingOverflow), 1u);
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqActiveOverflow), 1u);
  EXPECT_EQ(count(*engine, MetricId::kUpstreamCxOverflow), 1u);
  EXPECT_EQ(count(*engine, MetricId::kBreakerRqOpen), 1u);
  engine->response_head(now, a, 200, {});
  for (auto* call : {&a, &b, &c}) engine->finish(now, {}, *call, {});
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqActive), 0u);
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqPendingActive), 0u);
}

TEST_F(EngineTest, CutResponseIsReset) {
  start(outbound(model, pods(1)));
  Call call;
  const Request request;
  engine->begin(now, request.view(), call);
  engine->choose_endpoint(now, call);
  engine->start_try(now, call);
  engine->response_head(now, call, 200, {});
  EXPECT_EQ(engine->try_failed(now, call, TryFailure::kProtocolError).kind, Verdict::Kind::kReset);
  EXPECT_EQ(call.details, "upstream_reset_after_response_started{protocol_error}");
  engine->finish(now, {}, call, {});
  EXPECT_EQ(kinds(call.trace).back(), StepKind::kReset);
}

TEST_F(EngineTest, ClientGoneReleasesEverything) {
  start(outbound(model, pods(1)));
  Call call;
  const Request request;
  engine->begin(now, request.view(), call);
  engine->choose_endpoint(now, call);
  engine->enqueue(now, call);
  engine->client_gone(call);
  engine->finish(now, {}, call, {});
  EXPECT_EQ(telemetry::FlagsText(call.flags).view(), "DC");
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqPendingActive), 0u);
  EXPECT_EQ(kinds(call.trace).back(), StepKind::kClientGone);
}

struct InboundTest : EngineTest {
  InboundTest() {
    mesh::InboundRateLimit limit;
    limit.ns = "shop";
    limit.limit.bucket.max_tokens = {2, {}};
    limit.limit.bucket.tokens_per_fill = {1, {}};
    limit.limit.bucket.fill_interval = {1s, {}};
    limit.limit.enabled_ppm = limit.limit.enforced_ppm = {1'000'000, {}};
    limit.limit.response_headers = {{"x-local-rate-limit", "true"}};
    model.rate_limits.push_back(limit);
    mesh::AuthorizationScope scope;
    scope.policy.ns = "shop";
    scope.policy.name = "callers";
    auto& source = scope.policy.rules.emplace_back().from.emplace_back();
    source.principals.push_back(
        {policy::StringMatch::Kind::kExact, "cluster.local/ns/desk/sa/till", false, {}, {}});
    model.authorization.push_back(scope);
  }
  const std::string till = "spiffe://cluster.local/ns/desk/sa/till";
};

TEST_F(InboundTest, RateLimitComesBeforeAuthorization) {
  start(inbound(model));
  for (int i = 0; i < 2; ++i) {
    const auto denied = play(*engine, now, {}, always(200));
    EXPECT_EQ(denied.status, 403);
    EXPECT_EQ(denied.body, "RBAC: access denied");
    EXPECT_EQ(denied.flags, "-");
    EXPECT_EQ(denied.details, "rbac_access_denied_matched_policy[none]");
  }
  auto limited = play(*engine, now, {.identity = till}, always(200));
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.flags, "RL");
  EXPECT_EQ(limited.details, "local_rate_limited");
  now = now + 1s;
  EXPECT_EQ(play(*engine, now, {.identity = till}, always(200)).status, 200);
  EXPECT_EQ(count(*engine, MetricId::kRateLimitEnforced), 1u);
  EXPECT_EQ(count(*engine, MetricId::kRbac, {"denied"}), 2u);
  EXPECT_EQ(count(*engine, MetricId::kRequests, {"destination", "mutual_tls", "200", "desk", till}), 1u)
      << "a caller no manifest names is known by its certificate";
}

TEST_F(InboundTest, DenyNamesThePolicy) {
  model.rate_limits.clear();
  mesh::AuthorizationScope scope;
  scope.policy.ns = "shop";
  scope.policy.name = "no-deletes";
  scope.policy.action = policy::Authorization::Action::kDeny;
  scope.policy.rules.emplace_back().to.emplace_back().methods.push_back(
      {policy::StringMatch::Kind::kExact, "DELETE", false, {}, {}});
  model.authorization.push_back(scope);
  start(inbound(model));
  const auto denied = play(*engine, now, {.method = "DELETE", .identity = till}, always(200));
  EXPECT_EQ(denied.details, "rbac_access_denied_matched_policy[ns[shop]-policy[no-deletes]-rule[0]]");
}

TEST_F(InboundTest, ApplicationIsRetriedOnlyBeforeTheRequestWasSent) {
  model.rate_limits.clear();
  start(inbound(model));
  const auto fail = [](TryFailure f) { return [f](const Endpoint&) { return Outcome{0, f, {}, {}}; }; };
  EXPECT_EQ(play(*engine, now, {.identity = till}, fail(TryFailure::kConnectFailure)).tries, 3u);
  EXPECT_EQ(play(*engine, now, {.identity = till}, fail(TryFailure::kReset)).tries, 1u);
}

TEST_F(EngineTest, AccessLogAndDecisionsRememberTheCall) {
  route(model, "v1", "everything");
  start(outbound(model, pods(1)));
  std::string logged;
  engine->log_access_to([&](std::string_view line) { logged += line; });
  play(*engine, now, {}, always(200));
  EXPECT_NE(logged.find("\"GET /pets HTTP/1.1\" 200 - via_upstream"), std::string::npos) << logged;
  EXPECT_NE(logged.find("outbound|8080|v1|shop.shop.svc.cluster.local"), std::string::npos) << logged;
  EXPECT_NE(logged.find("everything\n"), std::string::npos) << logged;
  ASSERT_EQ(engine->decisions().recorded(), 1u);
  EXPECT_EQ(engine->decisions().newest().status, 200);
  engine->refused_connection(now, {}, ClosedBy::kPlaintext, "127.0.0.1:9");
  EXPECT_NE(logged.find("0 NR filter_chain_not_found"), std::string::npos) << logged;
}

TEST_F(EngineTest, SourceMetricsNameBothSides) {
  start(outbound(model, pods(1)));
  play(*engine, now, {}, always(200));
  const std::vector<std::string> labels{"source", "till", "desk", "shop-v1", kShop,
                                        "shop",   "200",  "-",    "unknown", "v1"};
  EXPECT_EQ(count(*engine, MetricId::kRequests, labels), 1u);
  EXPECT_EQ(count(*engine, MetricId::kUpstreamRqByCode, {"200"}), 1u);
  EXPECT_EQ(count(*engine, MetricId::kDownstreamRqTotal, {"outbound_0.0.0.0_8080"}), 1u);
}

}  // namespace
}  // namespace marty::engine::testing
