#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "mesh/policy_file.hpp"

namespace marty::mesh {
namespace {

using policy::MtlsMode;
using policy::StringMatch;

PolicyFile petstore() {
  PolicyFile file;
  file.name = {"petstore-domain", {}};
  file.ns = {"petstore-domain", {}};
  file.environment = {"test", {}};
  file.service.name = {"petstore-domain-service", {}};
  file.service.port = {8080, {}};
  file.workload.metrics_port = {9000, {}};
  file.workload.readiness = {"/ready", {}};
  file.workload.versions = {{{"v1", {}}, {{3, {}}, {}}}, {{"v2", {}}, {{1, {}}, {}}}};
  file.routing.split = {{{"v1", {}}, {90, {}}}, {{"v2", {}}, {10, {}}}};
  file.routing.canary = PolicyFile::Canary{{{"Canary", {}}, {"true", {}}}, {"v2", {}}, {}};
  file.routing.timeout = Sourced<Duration>{10s};
  auto& retries = file.routing.retries.emplace();
  retries.attempts = {3, {}};
  retries.on = {{"gateway-error", {}}, {"connect-failure", {}}, {"429", {}}};
  retries.methods = {{"GET", {}}, {"HEAD", {}}, {"OPTIONS", {}}};
  file.chaos.push_back(
      {{{"x-chaos-enabled", {}}, {"true", {}}}, PolicyFile::ChaosRule::Delay{{10, {}}, {3s, {}}}, {}, {}});
  file.chaos.push_back(
      {{{"x-chaos-error", {}}, {"true", {}}}, {}, PolicyFile::ChaosRule::Abort{{5, {}}, {503, {}}}, {}});
  return file;
}

using Sent = std::vector<Header>;
const Route* first(const Model& model, std::string_view method, const Sent& headers) {
  const policy::RequestView request{.method = method, .path = "/x", .authority = "h", .headers = headers};
  for (const auto& route : model.route_tables.front().routes)
    if (route.matches.empty() || std::any_of(route.matches.begin(), route.matches.end(),
                                             [&](const auto& m) { return m.matches(request); }))
      return &route;
  return nullptr;
}

/// Every set of headers and every method gets exactly the delay, abort, destination and retries it asks for.
TEST(LowerRoutes, GatesCompose) {
  const auto model = lower(petstore());
  EXPECT_EQ(model.route_tables.front().routes.size(), 16u);
  const Header delay{"x-chaos-enabled", "true"}, abort{"x-chaos-error", "true"}, canary{"canary", "true"};
  for (int mask = 0; mask < 8; ++mask) {
    for (const auto* method : {"GET", "HEAD", "POST"}) {
      Sent headers;
      if (mask & 1) headers.push_back(delay);
      if (mask & 2) headers.push_back(abort);
      if (mask & 4) headers.push_back(canary);
      const auto* route = first(model, method, headers);
      ASSERT_TRUE(route);
      EXPECT_EQ(route->fault && route->fault->delay, (mask & 1) != 0) << route->name;
      EXPECT_EQ(route->fault && route->fault->abort, (mask & 2) != 0) << route->name;
      EXPECT_EQ(route->destinations.size(), mask & 4 ? 1u : 2u) << route->name;
      EXPECT_EQ(*route->destinations.back().subset, "v2");
      EXPECT_EQ(*route->retries->attempts, method == std::string("POST") ? 0u : 3u) << route->name;
      EXPECT_EQ(**route->timeout, 10s);
    }
  }
  EXPECT_EQ(first(model, "GET", {delay, canary})->name, "chaos-delay-canary-read");
  EXPECT_EQ(first(model, "POST", {})->name, "write");
  std::set<std::string> names;
  for (const auto& route : model.route_tables.front().routes) names.insert(route.name);
  EXPECT_EQ(names.size(), 16u);
}

TEST(LowerRoutes, ProductionInjectsNothing) {
  auto file = petstore();
  file.environment = {"production", {}};
  for (const auto& route : lower(file).route_tables.front().routes) EXPECT_FALSE(route.fault) << route.name;
}

TEST(LowerRoutes, NoGatesOneRoute) {
  auto file = petstore();
  file.chaos.clear();
  file.routing.canary.reset();
  file.routing.retries.reset();
  const auto model = lower(file);
  ASSERT_EQ(model.route_tables.front().routes.size(), 1u);
  const auto& route = model.route_tables.front().routes.front();
  EXPECT_EQ(route.name, "main");
  EXPECT_TRUE(route.matches.empty());
  EXPECT_FALSE(route.retries) << "the mesh's default";
}

/// Canary and A/B in the three shapes: by header only, by weight only, both.
TEST(LowerRoutes, HeaderWeightOrBoth) {
  auto file = petstore();
  file.chaos.clear();
  file.routing.retries.reset();
  const Header canary{"canary", "true"};
  const auto versions = [&](const Sent& headers) {
    std::string text;
    const auto model = lower(file);
    for (const auto& to : first(model, "GET", headers)->destinations)
      text += *to.subset + "=" + std::to_string(*to.weight) + " ";
    return text;
  };
  EXPECT_EQ(versions({canary}), "v2=100 ");
  EXPECT_EQ(versions({}), "v1=90 v2=10 ");
  file.routing.split.clear();
  EXPECT_EQ(versions({canary}), "v2=100 ");
  EXPECT_EQ(versions({}), "v1=100 ") << "the version nobody else has";
  file.routing.canary.reset();
  EXPECT_EQ(versions({canary}), "=0 ") << "nothing asked for: any pod";
  file.routing.split = {{{"v1", {}}, {90, {}}}, {{"v2", {}}, {10, {}}}};
  EXPECT_EQ(versions({canary}), "v1=90 v2=10 ");
}

TEST(LowerRoutes, ExperimentsChooseByHeaderOrCookie) {
  auto file = petstore();
  file.chaos.clear();
  using Gate = PolicyFile::HeaderGate;
  file.routing.experiments = {
      {{"blue", {}}, Gate{{"X-Group", {}}, {"b", {}}}, {}, {"exact", {}}, {"v2", {}}, {}},
      {{"green", {}}, {}, Gate{{"group", {}}, {"g", {}}}, {"exact", {}}, {"v1", {}}, {}},
      {{"mobile", {}}, Gate{{"user-agent", {}}, {"Mob", {}}}, {}, {"prefix", {}}, {"v2", {}}, {}},
      {{"phones", {}}, Gate{{"user-agent", {}}, {".*Phone.*", {}}}, {}, {"regex", {}}, {"v1", {}}, {}}};
  const auto model = lower(file);
  const auto route = [&](const Sent& headers) { return first(model, "GET", headers)->name; };
  EXPECT_EQ(route({{"x-group", "b"}}), "blue-read");
  EXPECT_EQ(route({{"x-group", "bb"}}), "read");
  EXPECT_EQ(route({{"x-group", "b"}, {"canary", "true"}}), "canary-read") << "the canary comes first";
  for (const char* cookie : {"group=g", "a=1; group=g", "group=g; b=2", "a=1;group=g;b=2"})
    EXPECT_EQ(route({{"cookie", cookie}}), "green-read") << cookie;
  for (const char* cookie : {"group=gg", "mygroup=g", "a=group=g", "Group=g"})
    EXPECT_EQ(route({{"cookie", cookie}}), "read") << cookie;
  EXPECT_EQ(route({{"user-agent", "Mobile Phone"}}), "mobile-read");
  EXPECT_EQ(route({{"user-agent", "iPhone"}}), "phones-read");
  EXPECT_EQ(*first(model, "POST", {{"user-agent", "iPhone"}})->retries->attempts, 0u);
}

/// Of several rules the first whose header is there gives the delay, and the first gives the abort.
TEST(LowerRoutes, RulesWithBothFaultsAndOverlaps) {
  auto file = petstore();
  file.routing.canary.reset();
  file.routing.retries.reset();
  file.chaos.clear();
  const auto rule = [&](const char* name, bool delays, bool aborts, int number) {
    PolicyFile::ChaosRule made;
    made.header = {{name, {}}, {"1", {}}};
    if (delays) made.delay = PolicyFile::ChaosRule::Delay{{100, {}}, {number * 1s, {}}};
    if (aborts)
      made.abort = PolicyFile::ChaosRule::Abort{{100, {}}, {static_cast<std::uint32_t>(500 + number), {}}};
    file.chaos.push_back(made);
  };
  for (int shape = 0; shape < 64; ++shape) {  // three rules, each with any of its two faults
    file.chaos.clear();
    for (int i = 0; i < 3; ++i)
      rule(std::string(1, static_cast<char>('a' + i)).c_str(), shape >> (2 * i) & 1, shape >> (2 * i + 1) & 1,
           i + 1);
    const auto model = lower(file);
    for (int sent = 0; sent < 8; ++sent) {
      Sent headers;
      const PolicyFile::ChaosRule *delay = nullptr, *abort = nullptr;
      for (std::size_t i = 0; i < 3; ++i) {
        if (!(sent >> i & 1)) continue;
        headers.push_back({*file.chaos[i].header.name, "1"});
        if (!delay && file.chaos[i].delay) delay = &file.chaos[i];
        if (!abort && file.chaos[i].abort) abort = &file.chaos[i];
      }
      const auto* route = first(model, "GET", headers);
      ASSERT_TRUE(route);
      ASSERT_EQ(route->fault.has_value(), delay || abort) << shape << " " << sent;
      if (!route->fault) continue;
      ASSERT_EQ(route->fault->delay.has_value(), delay != nullptr) << shape << " " << sent;
      ASSERT_EQ(route->fault->abort.has_value(), abort != nullptr) << shape << " " << sent;
      if (delay) {
        EXPECT_EQ(*route->fault->delay->fixed, *delay->delay->fixed) << shape << " " << sent;
      }
      if (abort) {
        EXPECT_EQ(*route->fault->abort->status, *abort->abort->status) << shape << " " << sent;
      }
    }
  }
}

TEST(Lower, RetryWords) {
  const auto model = lower(petstore());
  EXPECT_EQ(policy::Retry::describe(*model.route_tables.front().routes.front().retries),
            "gateway-error,connect-failure,429");
}

TEST(Lower, WorkloadsServiceAndAccounts) {
  auto file = petstore();
  file.security.allow.push_back(
      {{"callers", {}},
       {{{"petstore-domain", {}}, {"petstore-client", {}}}, {{"other", {}}, {"x", {}}}},
       {{{{"GET", {}}}, {{"/api/*", {}}}, {}}},
       {}});
  const auto model = lower(file);
  EXPECT_EQ(model.service_accounts, (std::vector<Sourced<std::string>>{{"petstore-domain/petstore-domain"},
                                                                       {"petstore-domain/petstore-client"}}));
  ASSERT_EQ(model.workloads.size(), 2u);
  EXPECT_EQ(model.workloads[0].name, "petstore-domain-v1");
  EXPECT_EQ(model.workloads[0].replicas, 3u);
  EXPECT_EQ(model.workloads[0].readiness_path, "/ready");
  for (const auto& workload : model.workloads)
    EXPECT_TRUE(selects(model.services.front().selector, workload.labels));
  EXPECT_TRUE(model.services.front().ports[0].name.starts_with("http-"));
  EXPECT_EQ(model.service("petstore-domain-service.petstore-domain.svc.cluster.local"),
            &model.services.front());
  EXPECT_FALSE(model.service("petstore-domain-service"));
}

TEST(Lower, SecurityLetsScrapesThrough) {
  auto file = petstore();
  EXPECT_TRUE(lower(file).authorization.empty()) << "nobody named: everybody may";
  file.security.allow.push_back(
      {{"callers", {}}, {{{"desk", {}}, {"till", {}}}}, {{{{"GET", {}}}, {{"/api/*", {}}}, {}}}, {}});
  const auto model = lower(file);
  EXPECT_EQ(*model.mtls.front().mode, MtlsMode::kStrict);
  EXPECT_EQ(*model.mtls.front().ports.at(9000), MtlsMode::kPermissive);
  std::vector<policy::Authorization::Policy> policies;
  for (const auto& scope : model.authorization) policies.push_back(scope.policy);
  const auto allowed = [&](const char* method, const char* path, const char* identity, std::uint16_t port) {
    return policy::Authorization::decide(
               policies,
               {.method = method, .path = path, .authority = "h", .peer_identity = identity, .port = port})
        .allowed;
  };
  const char* till = "spiffe://cluster.local/ns/desk/sa/till";
  EXPECT_TRUE(allowed("GET", "/api/pets", till, 8080));
  EXPECT_FALSE(allowed("GET", "/api/pets", "spiffe://cluster.local/ns/desk/sa/thief", 8080));
  EXPECT_FALSE(allowed("DELETE", "/api/pets", till, 8080));
  EXPECT_TRUE(allowed("GET", "/metrics", "", 9000));
  EXPECT_FALSE(allowed("GET", "/metrics", "", 8080));
}

TEST(Lower, LimitsOutliersAndRateLimit) {
  auto file = petstore();
  file.connections.emplace().max = {50, {}};
  file.connections->pending = {20, {}};
  file.outliers.emplace().consecutive_gateway_errors = Sourced<std::uint32_t>{3};
  file.outliers->max_ejected_percent = Sourced<std::uint32_t>{50};
  file.rate_limit.emplace().burst = {200, {}};
  file.rate_limit->refill = {100, {}};
  file.rate_limit->every = {60s, {}};
  const auto model = lower(file);
  const auto& policy = model.destinations.front().policy;
  EXPECT_EQ(*policy.limits->max_connections, 50u);
  EXPECT_EQ(*policy.limits->max_requests, policy::ConnectionLimits::kUnlimited) << "0 is unset";
  EXPECT_EQ(*policy.outliers->consecutive_gateway_errors, 3u);
  EXPECT_EQ(*policy.outliers->max_ejection_percent, 50u);
  EXPECT_EQ(model.destinations.front().subsets.size(), 2u);
  const auto& limit = model.rate_limits.front().limit;
  EXPECT_EQ(*limit.bucket.max_tokens, 200u);
  EXPECT_EQ(*limit.enforced_ppm, 1'000'000u);
  EXPECT_EQ(limit.response_headers.front().first, "x-local-rate-limit");
}

TEST(Model, Selectors) {
  EXPECT_TRUE(selects({}, {{"a", "1"}}));
  EXPECT_TRUE(selects({{"a", "1"}}, {{"a", "1"}, {"b", "2"}}));
  EXPECT_FALSE(selects({{"a", "1"}}, {{"a", "2"}}));
  EXPECT_FALSE(selects({{"a", "1"}}, {}));
}

}  // namespace
}  // namespace marty::mesh
