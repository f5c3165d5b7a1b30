#include <gtest/gtest.h>

#include <utility>

#include "engine/test_shop.hpp"
#include "policy/fail_fast.hpp"

/// Linkerd's proxies in virtual time: what a caller gets, which pods were asked, and why (linkerd.md 3 and
/// 4).
namespace marty::engine::testing {
namespace {

using policy::TryFailure;
using telemetry::MetricId;
using telemetry::StepKind;
using Table = mesh::RouteTable;

policy::FailureAccrual::Config breaker(std::uint32_t failures) {
  policy::FailureAccrual::Config config;
  config.max_failures = {failures, {31, 1, 0}};
  config.jitter_ratio = 0.0;
  config.origin = {30, 1, 0};
  return config;
}

policy::StatusRetry::Config retry_on_gateway_errors(std::uint32_t limit) {
  policy::StatusRetry::Config config;
  config.limit = {limit, {}};
  config.on.value = {{502, 504}};
  return config;
}

struct Linkerd : ::testing::Test {
  mesh::Model model = linkerd_shop();
  Instant now{1'000'000'000};
  std::unique_ptr<Engine> engine;

  Engine& start(std::shared_ptr<const Program> program) {
    engine = std::make_unique<Engine>(std::move(program), Rng(7), now);
    return *engine;
  }
  Ended call(const Upstream& upstream, const Request& request = {}) {
    return play(*engine, now, request, upstream);
  }
  mesh::CallerPolicy& callers() { return model.services.front().callers; }
};

/// v1's first pod fails, the others work.
Outcome first_pod_fails(const Endpoint& endpoint) {
  return {endpoint.owner.pod == "shop-v1-0" ? 503 : 200, {}, {}, {}};
}

TEST_F(Linkerd, AnswersOfItsOwnAreEmptyAndNameTheReason) {
  const struct {
    const char* name;
    Outcome outcome;
    int status;
    const char* error;
  } rows[] = {
      {"answered", {200}, 200, ""},
      {"answered 500", {500}, 500, ""},
      {"refused",
       {0, TryFailure::kConnectFailure},
       502,
       "endpoint 127.1.0.1:8080: Connection refused (os error 111)"},
      {"reset", {0, TryFailure::kReset}, 502, "connection closed before message completed"},
      {"connect timeout", {0, TryFailure::kConnectTimeout}, 504, "connect timed out after 1s"},
      {"too slow", {200, {}, 3s}, 504, "timed out waiting for response headers: request timeout: 2000ms"},
  };
  callers().timeouts.request = Sourced<Duration>{2s};
  for (const auto& row : rows) {
    start(outbound(model, pods(1)));
    const auto ended = call([&](const auto&) { return row.outcome; });
    EXPECT_EQ(ended.status, row.status) << row.name;
    EXPECT_EQ(ended.body, "") << row.name;
    EXPECT_TRUE(ended.proxy_error.ends_with(row.error)) << row.name << ": " << ended.proxy_error;
    EXPECT_EQ(ended.proxy_error.empty(), *row.error == 0) << ended.proxy_error;
  }
}

TEST_F(Linkerd, WithRoutesThereIsNoDefaultRoute) {
  auto& only = http_route(model, "pets");
  only.routes[0].matches.emplace_back().uri = text(policy::StringMatch::Kind::kPathPrefix, "/pets");
  start(outbound(model, pods(1)));
  EXPECT_EQ(call(always(200)).status, 200);
  const auto ended = call(always(200), {.path = "/owners"});
  EXPECT_EQ(ended.status, 404);
  EXPECT_TRUE(ended.proxy_error.ends_with("no route")) << ended.proxy_error;
}

TEST_F(Linkerd, TheClosestOfAllRoutesWins) {
  using Kind = policy::StringMatch::Kind;
  const auto add = [&](const char* name, std::optional<policy::StringMatch> uri, std::size_t headers,
                       bool method) {
    auto& match = http_route(model, name).routes[0].matches.emplace_back();
    match.uri = std::move(uri);
    for (std::size_t i = 0; i < headers; ++i)
      match.headers.push_back({"h" + std::to_string(i), text(Kind::kExact, "1")});
    if (method) match.method = text(Kind::kExact, "GET");
  };
  add("anything", {}, 0, false);
  add("method", {}, 0, true);
  add("header", {}, 1, false);
  add("headers", {}, 2, false);
  add("prefix", text(Kind::kPathPrefix, "/pets"), 0, false);
  add("exact", text(Kind::kExact, "/pets/1"), 0, false);
  add("exact again", text(Kind::kExact, "/pets/1"), 0, false);
  add("regex", text(Kind::kRegex, "/owners/[0-9]+"), 0, false);
  start(outbound(model, pods(1)));
  const auto& program = engine->program();
  const Header one[] = {{"h0", "1"}}, two[] = {{"h0", "1"}, {"h1", "1"}};
  const struct {
    const char *path, *method;
    std::vector<Header> headers;
    const char* route;
  } rows[] = {
      {"/x", "POST", {}, "anything"},          {"/x", "GET", {}, "method"},
      {"/x", "GET", {one[0]}, "header"},       {"/x", "GET", {two[0], two[1]}, "headers"},
      {"/pets", "GET", {one[0]}, "prefix"},    {"/pets/1", "GET", {}, "exact"},
      {"/owners/7", "GET", {one[0]}, "regex"},
  };
  for (const auto& row : rows) {
    const auto ended = call(always(200), {.method = row.method, .path = row.path, .headers = row.headers});
    const auto* step = ended.trace.last(StepKind::kRouteMatched);
    ASSERT_TRUE(step) << row.path;
    EXPECT_EQ(program.hosts[step->a].routes[step->b].name, row.route) << row.path;
  }
}

TEST_F(Linkerd, ARouteOfAnotherNamespaceIsForItsOwnClients) {
  http_route(model, "theirs", {{kV2, 1}}).ns = "elsewhere";
  start(outbound(model, pods(1, 1)));
  EXPECT_EQ(call(always(200)).trace.last(StepKind::kDestinationChosen)->b, 10000u);
  for (int i = 0; i < 20; ++i) EXPECT_NE(call(always(200)).trace.last(StepKind::kRouteMatched), nullptr);
  model.route_tables[0].ns = "desk";  // where the client is
  start(outbound(model, pods(1, 1)));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call(always(200)).pods.front(), "shop-v2-0");
}

TEST_F(Linkerd, RetriesFollowTheRoutesStatusesAndLimit) {
  const struct {
    const char* story;
    int status;
    std::uint32_t limit, tries;
  } rows[] = {{"503 is named", 503, 3, 4}, {"500 is not", 500, 3, 1}, {"one by default", 502, 1, 2}};
  for (const auto& row : rows) {
    model.route_tables.clear();
    http_route(model, "pets").routes[0].status_retries = retry_on_gateway_errors(row.limit);
    start(outbound(model, pods(3)));
    const auto ended = call(always(row.status));
    EXPECT_EQ(ended.tries, row.tries) << row.story;
    EXPECT_EQ(ended.status, row.status) << row.story << ": the last answer goes out as it is";
  }
}

TEST_F(Linkerd, ARouteWithRetriesOfItsOwnTakesNoneFromItsService) {
  callers().retries = retry_on_gateway_errors(5);
  start(outbound(model, pods(2)));
  EXPECT_EQ(call(always(503)).tries, 6u);
  http_route(model, "pets").routes[0].status_retries.emplace();  // a limit only: no status
  start(outbound(model, pods(2)));
  EXPECT_EQ(call(always(503)).tries, 1u);
}

TEST_F(Linkerd, OnlyTheLastTryMayTakeItsTime) {
  auto& retries = http_route(model, "pets").routes[0].status_retries.emplace(retry_on_gateway_errors(2));
  retries.header_timeout = Sourced<Duration>{1s};
  start(outbound(model, pods(2)));
  const auto ended = call([](const auto&) { return Outcome{200, {}, 5s, {}}; });
  EXPECT_EQ(ended.status, 200);
  EXPECT_EQ(ended.tries, 3u);
  EXPECT_GE(ended.took, 7s);
  EXPECT_LE(ended.took, 7500ms);
}

TEST_F(Linkerd, ASplitDrawsForEachTryAndPassesOverWhatFailsFast) {
  auto& split = http_route(model, "split", {{kV1, 50}, {kV2, 50}});
  split.routes[0].status_retries = retry_on_gateway_errors(1);
  start(outbound(model, pods(1, 1)));
  bool crossed = false;
  for (int i = 0; i < 50; ++i) {
    const auto ended = call(always(503));
    crossed |= ended.pods.size() == 2 && ended.pods[0] != ended.pods[1];
  }
  EXPECT_TRUE(crossed) << "a retry may go to the other backend";
}

TEST_F(Linkerd, AMissingBackendAnswers500ForItsShare) {
  http_route(model, "split", {{kV1, 50}, {"gone.shop.svc.cluster.local", 50}}).routes[0].status_retries =
      retry_on_gateway_errors(3);
  start(outbound(model, pods(1)));
  int failed = 0;
  for (int i = 0; i < 200; ++i) {
    const auto ended = call(always(200));
    if (ended.status == 200) continue;
    ++failed;
    EXPECT_EQ(ended.status, 500);
    EXPECT_EQ(ended.proxy_error, "Service not found gone");
  }
  EXPECT_NEAR(failed, 100, 35);
}

TEST_F(Linkerd, ABreakerOpensProbesAndCloses) {
  callers().accrual = breaker(3);
  start(outbound(model, pods(2)));
  int sent_to_failing = 0;
  Ended opening;
  for (int i = 0; i < 100 && sent_to_failing < 3; ++i) {
    opening = call(first_pod_fails);
    sent_to_failing += opening.pods.front() == "shop-v1-0" ? 1 : 0;
  }
  const auto* opened = opening.trace.last(StepKind::kBreakerOpened);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->origin.line, 31u);
  EXPECT_EQ(opened->b, 3u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call(first_pod_fails).pods.front(), "shop-v1-1");

  now = now + 1s;
  engine->tick(now);
  Ended probe;
  for (int i = 0; i < 100 && !probe.trace.last(StepKind::kBreakerProbe); ++i) probe = call(first_pod_fails);
  ASSERT_TRUE(probe.trace.last(StepKind::kBreakerReopened));
  EXPECT_EQ(probe.trace.last(StepKind::kBreakerReopened)->b, 2000u) << "the penalty doubles";

  now = now + 2s;
  engine->tick(now);
  for (int i = 0; i < 100 && !probe.trace.last(StepKind::kBreakerClosed); ++i) probe = call(always(200));
  EXPECT_TRUE(probe.trace.last(StepKind::kBreakerClosed));
  EXPECT_FALSE(engine->endpoints().front().ejected);
}

TEST_F(Linkerd, WithoutReadyEndpointsTheFirstWaitAndTheRestAreTurnedAway) {
  auto accrual = breaker(1);
  accrual.min_penalty = accrual.max_penalty = Duration(60s);
  callers().accrual = accrual;
  start(outbound(model, pods(1)));
  EXPECT_EQ(call(always(500)).status, 500);
  const auto waited = call(always(200));
  EXPECT_EQ(waited.status, 504);
  EXPECT_EQ(waited.took, policy::FailFast::kPatience);
  EXPECT_TRUE(waited.proxy_error.ends_with("backend Service.shop.shop:8080: service in fail-fast"))
      << waited.proxy_error;
  const auto shed = call(always(200));
  EXPECT_EQ(shed.status, 503);
  EXPECT_EQ(shed.took, Duration{});
  EXPECT_TRUE(shed.proxy_error.ends_with("service unavailable")) << shed.proxy_error;
  now = now + 60s;
  engine->tick(now);
  EXPECT_EQ(call(always(200)).status, 200);
}

TEST_F(Linkerd, ASplitFailsOverWhenABackendFailsFast) {
  auto accrual = breaker(1);
  accrual.min_penalty = accrual.max_penalty = Duration(60s);
  callers().accrual = accrual;
  http_route(model, "split", {{kV1, 90}, {kV2, 10}});
  start(outbound(model, pods(1, 1)));
  const auto v1_fails = [](const Endpoint& e) {
    return Outcome{e.owner.workload == "shop-v1" ? 500 : 200, {}, {}, {}};
  };
  int waited = 0;
  for (int i = 0; i < 50; ++i) waited += call(v1_fails).status == 504 ? 1 : 0;
  EXPECT_EQ(waited, 1) << "one waits for v1 in vain, then its share goes to v2";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call(v1_fails).pods.front(), "shop-v2-0");
}

TEST_F(Linkerd, AServiceProfileSwitchesOffAllElse) {
  callers().accrual = breaker(1);
  callers().retries = retry_on_gateway_errors(9);
  http_route(model, "ignored", {{kV2, 1}});
  Table profile;
  profile.kind = Table::Kind::kServiceProfile;
  profile.ns = "shop";
  profile.name = kShop;
  profile.hosts = {{kShop, {}}};
  auto& get = profile.routes.emplace_back();
  get.name = "GET /pets";
  get.matches.emplace_back().method = text(policy::StringMatch::Kind::kExact, "GET");
  get.classes.emplace().retryable = true;
  auto& budget = profile.budget.emplace();
  budget.ratio = 0.0;
  budget.min_per_second = 1u;
  budget.ttl = Duration(2s);
  model.route_tables.push_back(profile);
  start(outbound(model, pods(1, 1)));
  EXPECT_EQ(call(always(503)).tries, 3u) << "two retries are in the budget's reserve";
  EXPECT_EQ(call(always(503)).tries, 1u);
  EXPECT_EQ(call(always(503), {.method = "POST"}).tries, 1u) << "the default route has no retries";
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call(always(503)).status, 503) << "no breaker opens";
  EXPECT_EQ(count(*engine, MetricId::kProfileRetryable, {"no_budget"}), 22u - 1u + 1u);
}

TEST_F(Linkerd, AProfileOfNothingButABudgetChangesNothing) {
  callers().retries = retry_on_gateway_errors(2);
  Table profile;
  profile.kind = Table::Kind::kServiceProfile;
  profile.ns = "shop";
  profile.hosts = {{kShop, {}}};
  profile.budget.emplace();
  model.route_tables.push_back(profile);
  start(outbound(model, pods(1)));
  EXPECT_EQ(call(always(503)).tries, 3u);
}

TEST_F(Linkerd, TriesAndRequestsAreCountedAsLinkerdNamesThem) {
  http_route(model, "pets").routes[0].status_retries = retry_on_gateway_errors(3);
  start(outbound(model, pods(2)));
  int tries = 0;
  const auto every_third_fails = [&](const Endpoint&) {
    return Outcome{++tries % 3 == 0 ? 503 : 200, {}, {}, {}};
  };
  for (int i = 0; i < 40; ++i) EXPECT_EQ(call(every_third_fails).status, 200);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdRouteStatuses, {"pets", "200"}), 40u);
  const auto failed = count(*engine, MetricId::kLinkerdBackendStatuses, {"503"});
  EXPECT_GT(failed, 0u);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdRetryRequests), failed);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdResponses, {"failure"}), failed);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdRequests), 40u + failed);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdBalancerEndpoints, {"ready"}), 4u)
      << "two pods, behind the shop and behind v1";
  EXPECT_EQ(count(*engine, MetricId::kRequests), 0u) << "nothing of Istio's";
}

TEST_F(Linkerd, ATryThatFailedIsNoErrorOfTheNextOne) {
  auto& retries = http_route(model, "pets").routes[0].status_retries.emplace(retry_on_gateway_errors(1));
  retries.header_timeout = Sourced<Duration>{1s};
  for (const auto& first : {Outcome{0, TryFailure::kReset}, Outcome{200, {}, 5s, {}}}) {
    start(outbound(model, pods(1)));
    bool again = false;
    EXPECT_EQ(call([&](const auto&) { return std::exchange(again, true) ? Outcome{200} : first; }).status,
              200);
    EXPECT_EQ(count(*engine, MetricId::kLinkerdBackendStatuses, {"200"}), 1u);
    EXPECT_EQ(count(*engine, MetricId::kLinkerdBackendStatuses), 2u);
    EXPECT_EQ(count(*engine, MetricId::kLinkerdRouteStatuses, {"200"}), 1u);
    EXPECT_EQ(count(*engine, MetricId::kLinkerdOutboundErrors), 0u);
  }
}

}  // namespace
}  // namespace marty::engine::testing
