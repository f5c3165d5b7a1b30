#include <gtest/gtest.h>

#include "engine/test_shop.hpp"

/// A Linkerd proxy before its application: Servers, who may call them, and how often (linkerd.md 3.8, 3.9).
namespace marty::engine::testing {
namespace {

using telemetry::MetricId;
using telemetry::StepKind;

struct LinkerdServer : ::testing::Test {
  mesh::Model model = linkerd_shop();
  Instant now{1'000'000'000};
  std::unique_ptr<Engine> engine;

  void start(std::shared_ptr<const Program> program) {
    engine = std::make_unique<Engine>(std::move(program), Rng(7), now);
  }
  Ended call(const Upstream& upstream, const Request& request = {}) {
    return play(*engine, now, request, upstream);
  }
  mesh::Server& add_server() {
    mesh::Server server;
    server.ns = "shop";
    server.name = "api";
    server.pods.labels = {{"app", "shop"}};
    server.port = 8080;
    server.origin = {40, 1, 0};
    return model.servers.emplace_back(server);
  }
  void let_in(const std::string& identity, const std::string& target = "api",
              mesh::ServerAuthorization::Target kind = mesh::ServerAuthorization::Target::kServer) {
    mesh::ServerAuthorization allow;
    allow.target = kind;
    allow.target_name = {target, {}};
    allow.clients.kind = "AuthorizationPolicy";
    allow.clients.ns = "shop";
    allow.clients.name = identity;
    allow.references.push_back({"MeshTLSAuthentication", "shop", identity, {}});
    model.server_authorizations.push_back(allow);
    model.authentications.push_back(
        {"MeshTLSAuthentication", "shop", identity, {{identity, {50, 1, 0}}}, {}, {}});
  }
  int ask(const std::string& account, const std::string& path = "/pets") {
    Request request{.path = path};
    if (!account.empty()) request.identity = "spiffe://cluster.local/ns/desk/sa/" + account;
    return call(always(200), request).status;
  }
};
constexpr const char* kTill = "till.desk.serviceaccount.identity.linkerd.cluster.local";

TEST_F(LinkerdServer, WithoutAServerTheDefaultPolicyDecides) {
  using enum mesh::DefaultInbound;
  const struct {
    std::optional<mesh::DefaultInbound> pod, ns;
    int meshed, plain;
  } rows[] = {{{}, {}, 200, 200},
              {{}, kDeny, 403, 403},
              {{}, kAllAuthenticated, 200, 403},
              {kAudit, kDeny, 200, 200},
              {kClusterAuthenticated, {}, 200, 403}};
  for (const auto& row : rows) {
    model.namespaces = {{"shop", {}, {}}};
    if (row.ns) model.namespaces[0].inbound_default = Sourced{*row.ns};
    for (auto& workload : model.workloads) {
      workload.inbound_default.reset();
      if (row.pod) workload.inbound_default = Sourced{*row.pod};
    }
    start(inbound(model));
    EXPECT_EQ(ask("till"), row.meshed);
    EXPECT_EQ(ask(""), row.plain);
  }
}

TEST_F(LinkerdServer, AServerIsClosedToAllWhoAreNotLetIn) {
  add_server();
  start(inbound(model));
  EXPECT_EQ(ask("till"), 403);
  let_in(kTill);
  start(inbound(model));
  EXPECT_EQ(ask("till"), 200);
  const auto refused = call(always(200), {.identity = "spiffe://cluster.local/ns/desk/sa/thief"});
  EXPECT_EQ(refused.status, 403);
  EXPECT_TRUE(refused.proxy_error.ends_with("server: 127.1.0.1:8080: unauthorized request on route"))
      << refused.proxy_error;
  EXPECT_EQ(call(always(200)).proxy_error, "") << "who has no identity is not told why";
  const auto allowed = call(always(200), {.identity = "spiffe://cluster.local/ns/desk/sa/till"});
  EXPECT_EQ(allowed.trace.last(StepKind::kAuthorizationAllowed)->origin.line, 50u);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdAuthzDeny), 2u);
}

TEST_F(LinkerdServer, AReferenceToNothingVoidsItsPolicy) {
  add_server();
  let_in(kTill);
  model.authentications.clear();
  start(inbound(model));
  EXPECT_EQ(ask("till"), 403);
}

TEST_F(LinkerdServer, ARouteAddsClientsAndItsServersHoldEverywhere) {
  add_server();
  let_in("boss.desk.serviceaccount.identity.linkerd.cluster.local");
  auto& pets = http_route(model, "pets");
  pets.hosts.clear();
  pets.servers = {{"api", {}}};
  pets.routes[0].matches.emplace_back().uri = text(policy::StringMatch::Kind::kPathPrefix, "/pets");
  let_in(kTill, "pets", mesh::ServerAuthorization::Target::kRoute);
  start(inbound(model));
  EXPECT_EQ(ask("till"), 200);
  EXPECT_EQ(ask("boss"), 200);
  EXPECT_EQ(ask("thief"), 403);
  EXPECT_EQ(ask("boss", "/owners"), 404) << "a server with routes has no other";
  EXPECT_EQ(count(*engine, MetricId::kLinkerdRouteNotFound), 1u);
}

TEST_F(LinkerdServer, ProbesPassUntilRoutesAreAttached) {
  add_server();
  for (auto& workload : model.workloads) workload.probes = {{8080, "/ready"}};
  start(inbound(model));
  EXPECT_EQ(ask("", "/ready"), 200);
  EXPECT_EQ(ask("", "/ready?x=1"), 200);
  EXPECT_EQ(ask("", "/pets"), 403);
}

TEST_F(LinkerdServer, APodIsAlwaysLetInAtItself) {
  add_server();
  start(inbound(model));
  Call local;
  const policy::RequestView request{
      .method = "GET", .path = "/pets", .authority = "shop", .peer_ip = "127.1.0.1"};
  EXPECT_EQ(engine->begin(now, request, local).kind, Verdict::Kind::kProceed);
  engine->finish(now, {}, local, {.request = request});
}

TEST_F(LinkerdServer, RateLimitsCountAfterAuthorization) {
  add_server().access = mesh::DefaultInbound::kAllAuthenticated;
  mesh::ServerRateLimit limit;
  limit.server = {"api", {}};
  limit.limit.ns = "shop";
  limit.limit.name = "limit";
  limit.limit.total = {3u, {60, 1, 0}};
  model.server_rate_limits.push_back(limit);
  start(inbound(model));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(""), 403);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("till"), 200);
  const auto limited = call(always(200), {.identity = "spiffe://cluster.local/ns/desk/sa/till"});
  EXPECT_EQ(limited.status, 429);
  EXPECT_TRUE(limited.proxy_error.ends_with("total rate limit exceeded: 3rps")) << limited.proxy_error;
  EXPECT_EQ(limited.trace.last(StepKind::kRateLimited)->origin.line, 60u);
  EXPECT_EQ(count(*engine, MetricId::kLinkerdRateLimited, {"total"}), 1u);
  model.servers[0].protocol = mesh::Server::Protocol::kGrpc;
  start(inbound(model));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("till"), 200) << "a gRPC server carries no rate limit";
}

}  // namespace
}  // namespace marty::engine::testing
