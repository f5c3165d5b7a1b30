#include "engine/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/test_shop.hpp"

namespace marty::engine::testing {
namespace {

const Cluster* cluster(const Program& program, const std::string& name) {
  const auto found = std::find_if(program.clusters.begin(), program.clusters.end(),
                                  [&](const auto& c) { return c.name == name; });
  return found == program.clusters.end() ? nullptr : &*found;
}
const std::string kAll = "outbound|8080||shop.shop.svc.cluster.local";
const std::string kV1 = "outbound|8080|v1|shop.shop.svc.cluster.local";

TEST(Program, NamesOfAHost) {
  auto model = shop();
  model.services.front().ports = {{"http", 80, 8080}, {"http-admin", 9000, 9000}};
  const auto names = [&](const std::string& ns) {
    const auto program = compile_outbound(model, {"p", ns, "w", "a", "", "", "", {}}, pods(1), nullptr, 1);
    std::vector<std::string> all;
    for (const auto& [name, host] : program->host_index) all.push_back(name);
    std::sort(all.begin(), all.end());
    return all;
  };
  EXPECT_EQ(names("desk"), (std::vector<std::string>{
                               "shop.shop", "shop.shop.svc", "shop.shop.svc.cluster.local",
                               "shop.shop.svc.cluster.local:80", "shop.shop.svc.cluster.local:9000",
                               "shop.shop.svc:80", "shop.shop.svc:9000", "shop.shop:80", "shop.shop:9000"}));
  EXPECT_EQ(names("shop").size(), 12u) << "the bare name in its own namespace";
}

TEST(Program, DefaultRouteHasIstiosRetries) {
  const auto program = outbound(shop(), pods(2, 1));
  const auto& route = program->hosts.front().routes.front();
  EXPECT_EQ(route.name, "default");
  EXPECT_EQ(route.retries, policy::Retry::Config{});
  EXPECT_EQ(*route.timeout, Duration{});
  EXPECT_EQ(cluster(*program, kAll)->endpoints.size(), 3u);
}

TEST(Program, NothingAfterACatchAll) {
  auto model = shop();
  route(model, "v1", "first").matches.emplace_back();
  route(model, "v2", "never");
  EXPECT_EQ(outbound(model, pods(1))->hosts.front().routes.size(), 1u);
}

TEST(Program, SubsetBlocksReplaceTheHostsWhole) {
  auto model = shop();
  route(model, "v1");
  auto& destination = model.destinations.front();
  destination.policy.limits.emplace().max_connections = {5, {}};
  destination.policy.limits->max_requests = {7, {}};
  destination.policy.outliers.emplace();
  destination.subsets.front().policy.limits.emplace().max_connections = {2, {}};
  const auto program = outbound(model, pods(1));
  const auto* v1 = cluster(*program, kV1);
  EXPECT_EQ(*v1->limits.max_connections, 2u);
  EXPECT_EQ(*v1->limits.max_requests, policy::ConnectionLimits::kUnlimited) << "not merged field by field";
  EXPECT_TRUE(v1->outliers) << "a block the subset leaves out is the host's";
}

TEST(Program, NearestNamespaceWithARuleDecidesAlone) {
  auto model = shop();
  route(model, "v1");
  mesh::DestinationPolicy own;
  own.ns = "desk";
  own.host = "*.shop.svc.cluster.local";
  own.policy.limits.emplace().max_connections = {1, {}};
  model.destinations.push_back(own);
  const auto program = outbound(model, pods(1));
  EXPECT_EQ(program->hosts.front().routes.front().clusters.front(), Program::kNoCluster)
      << "the service's own rule with its subsets is not looked at";
}

TEST(Program, AutomaticMutualTls) {
  auto model = shop();
  const auto security = [&](const std::vector<Instance>& instances) {
    return cluster(*outbound(model, instances), kAll)->endpoints.front().security;
  };
  auto instances = pods(1);
  EXPECT_EQ(security(instances), Security::kMutualTls);
  instances.front().sidecar = false;
  EXPECT_EQ(security(instances), Security::kPlaintext);
  model.mtls.push_back({"shop", "off", {}, {policy::MtlsMode::kDisable, {}}, {}, {}});
  EXPECT_EQ(security(pods(1)), Security::kPlaintext);
  model.destinations.front().policy.tls = Sourced{policy::MtlsMode::kStrict};
  EXPECT_EQ(security(instances), Security::kMutualTls) << "a written tls block wins";
}

TEST(Program, ServersAreKnownBySniAndAccount) {
  auto model = shop();
  model.workloads.back().service_account = "other";
  route(model, "v1");
  const auto program = outbound(model, pods(1, 1));
  const auto& endpoint = cluster(*program, kV1)->endpoints.front();
  EXPECT_EQ(endpoint.server_name, "outbound_.8080_.v1_.shop.shop.svc.cluster.local");
  EXPECT_EQ(endpoint.expected_identities,
            (std::vector<std::string>{"spiffe://cluster.local/ns/shop/sa/shop",
                                      "spiffe://cluster.local/ns/shop/sa/other"}));
  EXPECT_EQ(endpoint.address.text, "127.1.0.1:8080");
}

TEST(Program, InboundTakesWhatSelectsTheWorkload) {
  auto model = shop();
  mesh::AuthorizationScope scope;
  scope.policy.ns = "shop";
  scope.selector = {{"version", "v2"}};
  model.authorization.push_back(scope);
  scope.selector = {{"version", "v1"}};
  scope.policy.name = "mine";
  model.authorization.push_back(scope);
  scope.policy.ns = "elsewhere";
  model.authorization.push_back(scope);
  model.mtls.push_back({"shop", "strict", {}, {policy::MtlsMode::kStrict, {}}, {}, {}});
  const auto program = inbound(model);
  ASSERT_EQ(program->authorization.size(), 1u);
  EXPECT_EQ(program->authorization.front().name, "mine");
  EXPECT_EQ(*program->mtls, policy::MtlsMode::kStrict);
  EXPECT_EQ(program->clusters.front().name, "inbound|8080||");
  EXPECT_EQ(program->clusters.front().service, kShop);
  EXPECT_EQ(program->clusters.front().endpoints.front().address.text, "127.0.9.1:8080");
  EXPECT_TRUE(program->peers.contains("spiffe://cluster.local/ns/shop/sa/shop"));
}

TEST(Program, ASidecarObjectHidesHosts) {
  const auto hosts = [](const char* client_ns, std::vector<mesh::SidecarScope> scopes) {
    auto model = shop();
    model.sidecars = std::move(scopes);
    return compile_outbound(model, {"p", client_ns, "w", "a", "", "", "", {{"app", "till"}}}, pods(1),
                            nullptr, 1)
        ->hosts.size();
  };
  const auto scope = [](const char* ns, mesh::Labels selector, const char* egress) {
    return mesh::SidecarScope{ns, "s", std::move(selector), {{egress, {}}}, {}};
  };
  EXPECT_EQ(hosts("desk", {}), 1u);
  EXPECT_EQ(hosts("desk", {scope("desk", {}, "./*")}), 0u);
  EXPECT_EQ(hosts("shop", {scope("shop", {}, "./*")}), 1u);
  EXPECT_EQ(hosts("desk", {scope("desk", {}, "*/*")}), 1u);
  EXPECT_EQ(hosts("desk", {scope("desk", {}, "~/*")}), 0u);
  EXPECT_EQ(hosts("desk", {scope("desk", {}, "shop/shop.shop.svc.cluster.local")}), 1u);
  EXPECT_EQ(hosts("desk", {scope("desk", {}, "*/*.shop.svc.cluster.local")}), 1u);
  EXPECT_EQ(hosts("desk", {scope("desk", {}, "shop/other.shop.svc.cluster.local")}), 0u);
  EXPECT_EQ(hosts("desk", {scope("elsewhere", {}, "./*")}), 1u);
  EXPECT_EQ(hosts("desk", {scope("istio-system", {}, "./*")}), 0u) << "the mesh's default";
  EXPECT_EQ(hosts("desk", {scope("istio-system", {}, "./*"), scope("desk", {}, "./*"),
                           scope("desk", {{"app", "till"}}, "shop/*")}),
            1u)
      << "the closest counts";
}

TEST(Program, ADryRunRefusesNothingAndALimitMayBeOfOnePort) {
  auto model = shop();
  mesh::AuthorizationScope scope;
  scope.policy.ns = "shop";
  scope.dry_run = true;
  model.authorization.push_back(scope);
  mesh::InboundRateLimit limit;
  limit.ns = "shop";
  limit.port = 9000;
  model.rate_limits.push_back(limit);
  EXPECT_TRUE(inbound(model)->authorization.empty());
  EXPECT_TRUE(inbound(model)->rate_limits.empty());
  model.rate_limits.front().port = 8080;
  EXPECT_EQ(inbound(model)->rate_limits.size(), 1u);
}

}  // namespace
}  // namespace marty::engine::testing
