#include "engine/explain.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/test_shop.hpp"

namespace marty::engine::testing {
namespace {

using policy::TryFailure;

std::vector<std::string> texts(const std::vector<Sentence>& sentences) {
  std::vector<std::string> all;
  for (const auto& sentence : sentences) all.push_back(sentence.text);
  return all;
}

/// Numbers of a back-off are drawn: "in 12ms" becomes "in ~".
std::vector<std::string> without_waits(std::vector<std::string> all) {
  for (auto& text : all)
    if (const auto at = text.find(" in "); at != text.npos && text.find("retry") != text.npos)
      text = text.substr(0, at) + " in ~";
  return all;
}

struct ExplainTest : ::testing::Test {
  ExplainTest() {
    const auto file = sources->add("routes.yaml", "one\ntwo\nthree\n");
    auto& read = route(model, "v1", "read");
    policy::RouteMatch match;
    match.method = policy::StringMatch{policy::StringMatch::Kind::kExact, "GET", false, {}, nullptr};
    match.origin = {2, 5, file};
    read.matches.push_back(match);
    read.destinations.front().weight = {90, {}};
    read.destinations.push_back(read.destinations.front());
    read.destinations.back().subset = {"v2", {}};
    read.destinations.back().weight = {10, {}};
    read.timeout = Sourced<Duration>{10s};
    read.retries = retries(3, policy::Retry::kGatewayError | policy::Retry::kConnectFailure);
    auto& outliers = model.destinations.front().policy.outliers.emplace();
    outliers.consecutive_gateway_errors = {1, {}};
    outliers.consecutive_5xx = {0, {}};
    outliers.max_ejection_percent = {50, {}};
  }
  std::shared_ptr<SourceMap> sources = std::make_shared<SourceMap>();
  mesh::Model model = shop();
  Instant now{};
};

TEST_F(ExplainTest, EveryStepOfARetriedCall) {
  const auto program =
      compile_outbound(model, {"till-0", "desk", "till", "till", "", "", "", {}}, pods(2, 1), sources, 1);
  Engine engine(program, Rng(3), now);
  int tries = 0;
  Ended ended;
  do {
    tries = 0;
    ended = play(engine, now, {}, [&](const Endpoint&) {
      return ++tries == 1 ? Outcome{0, TryFailure::kConnectFailure, {}, {}} : Outcome{200, {}, {}, {}};
    });
  } while (!ended.pods.front().starts_with("shop-v1"));
  const auto said = without_waits(texts(explain(ended.trace, *program)));
  const auto first = ended.pods[0], second = ended.pods[1];
  const auto address = [](const std::string& pod) {
    return pod == "shop-v1-0" ? "127.1.0.1:8080" : "127.1.0.2:8080";
  };
  const std::vector<std::string> expected{
      "route read matched: method GET",
      "90% v1 / 10% v2: drew v1",
      "timeout 10s",
      "picked " + first + " (" + address(first) + ") by least request",
      "try 1 sent to " + first,
      "try 1 failed: connection refused",
      first + " ejected for at least 30s after 1 consecutive gateway errors (max 50% of 2 = 1)",
      "503 UF is retriable (gateway-error, connect-failure): retry 1 of 3 in ~",
      "picked " + second + " (" + address(second) + ") by least request",
      "try 2 sent to " + second,
      "try 2 answered 200",
      "answered 200"};
  EXPECT_EQ(said, expected);
  const auto sentences = explain(ended.trace, *program);
  EXPECT_EQ(sentences.front().place, "routes.yaml:2:5");
  EXPECT_EQ(sentences[3].place, "mesh default");
}

TEST_F(ExplainTest, TraceOfAnotherProgramStillReads) {
  telemetry::Trace trace;
  for (std::size_t kind = 0; kind < telemetry::kStepKinds; ++kind)
    if (kind < telemetry::Trace::kCapacity - 1)
      trace.add(static_cast<telemetry::StepKind>(kind), {}, {}, 1000, 1000);
  for (const auto& sentence : explain(trace, Program{})) EXPECT_FALSE(sentence.text.empty());
  trace.clear();
  for (std::size_t kind = telemetry::Trace::kCapacity - 1; kind < telemetry::kStepKinds; ++kind)
    trace.add(static_cast<telemetry::StepKind>(kind), {}, {}, 1000, 1000);
  for (const auto& sentence : explain(trace, Program{})) EXPECT_FALSE(sentence.text.empty());
}

TEST_F(ExplainTest, ForecastNamesSharesAndTheServersAnswer) {
  mesh::AuthorizationScope scope;
  scope.policy.ns = "shop";
  scope.policy.name = "callers";
  auto& rule = scope.policy.rules.emplace_back();
  rule.from.emplace_back().principals.push_back(
      {policy::StringMatch::Kind::kExact, "cluster.local/ns/desk/sa/till", false, {}, {}});
  model.authorization.push_back(scope);
  std::vector<std::shared_ptr<const Program>> servers;
  for (const auto& pod : pods(2, 1))
    servers.push_back(compile_inbound(
        model, {pod.pod, "shop", pod.workload, "shop", "shop", "v", pod.ip, {{"app", "shop"}}}, 8080,
        {"127.0.0.9:1"}, sources, 1));
  const auto told = [&](const char* identity) {
    return forecast(*outbound(model, pods(2, 1)), servers, Request{.identity = identity}.view());
  };
  const auto allowed = told("spiffe://cluster.local/ns/desk/sa/till");
  EXPECT_EQ(allowed.answered_locally, 0);
  ASSERT_EQ(allowed.branches.size(), 2u);
  EXPECT_EQ(allowed.branches[0].destination, "outbound|8080|v1|shop.shop.svc.cluster.local");
  EXPECT_DOUBLE_EQ(allowed.branches[0].percent, 90);
  EXPECT_EQ(allowed.branches[0].refused_with, 0);
  EXPECT_EQ(allowed.branches[0].server[1].text, "allowed by shop/callers rule 0");
  const auto said = texts(allowed.client);
  EXPECT_NE(std::find(said.begin(), said.end(), "goes to 90% v1 / 10% v2"), said.end());
  EXPECT_EQ(told("spiffe://cluster.local/ns/desk/sa/thief").branches[0].refused_with, 403);
  const auto lost = forecast(*outbound(model, pods(1)), servers, Request{.method = "POST"}.view());
  EXPECT_EQ(lost.answered_locally, 404);
}

}  // namespace
}  // namespace marty::engine::testing
