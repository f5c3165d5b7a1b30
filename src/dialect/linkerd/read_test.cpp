#include "dialect/linkerd/read.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "dialect/manifests.hpp"

namespace marty::dialect::linkerd {
namespace {

struct Read {
  Manifests manifests;
  mesh::Model model;
  SourceMap sources;
  Diagnostics found;
};

std::unique_ptr<Read> read(const std::string& text) {
  auto r = std::make_unique<Read>();
  r->manifests = read_manifest_text("in.yaml", text, r->sources, r->found, "shop");
  r->model = to_model(r->manifests, r->found);
  for (const auto& finding : r->found.all())
    EXPECT_NE(finding.severity, Severity::kError) << render(finding, r->sources);
  return r;
}

std::string object(const std::string& version, const std::string& kind, const std::string& name,
                   const std::string& spec, const std::string& annotations = "{}") {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name +
         ", annotations: " + annotations + "}\n" + spec + "\n---\n";
}
const std::string kService =
    object("v1", "Service", "pets", "spec: {selector: {app: pets}, ports: [{port: 8080}]}");
const std::string kPolicy = "policy.linkerd.io/v1alpha1";

TEST(Read, InjectionMakesItLinkerds) {
  const struct {
    const char *ns, *pod;  // linkerd.io/inject
    mesh::MeshKind mesh_kind;
    bool meshed;
  } rows[] = {{"", "", mesh::MeshKind::kIstio, true},
              {"enabled", "", mesh::MeshKind::kLinkerd, true},
              {"ingress", "", mesh::MeshKind::kLinkerd, true},
              {"enabled", "disabled", mesh::MeshKind::kLinkerd, false},
              {"", "enabled", mesh::MeshKind::kLinkerd, true},
              {"enabled", "yes", mesh::MeshKind::kLinkerd, false}};
  for (const auto& row : rows) {
    const auto inject = [](const std::string& word) {
      return word.empty() ? std::string("{}") : "{linkerd.io/inject: \"" + word + "\"}";
    };
    const auto r =
        read(object("v1", "Namespace", "shop", "", inject(row.ns)) +
             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pets}\nspec:\n"
             "  selector: {matchLabels: {app: pets}}\n  template:\n    metadata: {labels: {app: pets}, "
             "annotations: " +
             inject(row.pod) + "}\n    spec: {containers: [{name: a}]}\n");
    EXPECT_EQ(r->model.mesh_kind, row.mesh_kind) << row.ns << row.pod;
    ASSERT_EQ(r->model.workloads.size(), 1u);
    EXPECT_EQ(r->model.meshed(r->model.workloads[0]), row.meshed) << row.ns << row.pod;
  }
}

TEST(Read, RoutesOfAService) {
  const auto r =
      read(kService + object("policy.linkerd.io/v1beta3", "HTTPRoute", "canary", R"(spec:
  parentRefs: [{group: core, kind: Service, name: pets, port: 8080}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /pets}, headers: [{name: Canary, value: "true"}], method: GET}]
    timeouts: {request: 3s}
    backendRefs: [{name: pets, port: 8080, weight: 7}])",
                             R"({retry.linkerd.io/http: "5xx,429", retry.linkerd.io/limit: "3"})"));
  ASSERT_EQ(r->model.route_tables.size(), 1u);
  const auto& table = r->model.route_tables[0];
  EXPECT_EQ(table.kind, mesh::RouteTable::Kind::kHttpRoute);
  EXPECT_EQ(*table.hosts.at(0), "pets.shop.svc.cluster.local");
  EXPECT_EQ(table.port, 8080);
  const auto& route = table.routes.at(0);
  const auto& match = route.matches.at(0);
  EXPECT_EQ(match.uri->kind, policy::StringMatch::Kind::kPathPrefix);
  EXPECT_EQ(match.headers.at(0).name, "canary");
  EXPECT_EQ(match.method->text, "GET");
  EXPECT_EQ(*route.destinations.at(0).host, "pets.shop.svc.cluster.local");
  EXPECT_EQ(*route.destinations.at(0).weight, 7u);
  EXPECT_EQ(**route.timeouts.request, 3s);
  EXPECT_FALSE(route.timeout) << "one place for the whole call's time";
  EXPECT_EQ(*route.status_retries->limit, 3u);
  EXPECT_EQ(policy::StatusRetry::describe(*route.status_retries->on), "500-599,429");
  EXPECT_TRUE(route.status_retries->on.origin.known());
}

TEST(Read, HostNamesAreMatchedWithAnyPort) {
  const auto r = read(object("v1", "Namespace", "shop", "", "{linkerd.io/inject: enabled}") + kService +
                      object("gateway.networking.k8s.io/v1", "HTTPRoute", "x", R"(spec:
  hostnames: [Pets.example, "*.shop.example"]
  parentRefs: [{group: "", kind: Service, name: pets}])"));
  const auto& matches = r->model.route_tables.at(0).routes.at(0).matches;
  ASSERT_EQ(matches.size(), 2u);
  const auto fits = [&](const char* authority) {
    return matches[0].authority->matches(authority) || matches[1].authority->matches(authority);
  };
  for (const char* yes : {"pets.example", "PETS.example:8080", "a.shop.example", "a.b.shop.example:80"})
    EXPECT_TRUE(fits(yes)) << yes;
  for (const char* no : {"pets.examplex", "petsxexample", "shop.example", "pets.example:x"})
    EXPECT_FALSE(fits(no)) << no;
}

TEST(Read, CallersOfAService) {
  const auto r = read(object("v1", "Namespace", "shop", "", "{linkerd.io/inject: enabled}") +
                      object("v1", "Service", "pets", "spec: {ports: [{port: 8080}]}", R"({
    balancer.linkerd.io/failure-accrual: consecutive,
    balancer.linkerd.io/failure-accrual-consecutive-max-failures: "3",
    balancer.linkerd.io/failure-accrual-consecutive-min-penalty: 2s,
    timeout.linkerd.io/response: 500ms})"));
  const auto& callers = r->model.services.at(0).callers;
  ASSERT_TRUE(callers.accrual);
  EXPECT_EQ(*callers.accrual->max_failures, 3u);
  EXPECT_EQ(*callers.accrual->min_penalty, 2s);
  EXPECT_TRUE(callers.accrual->max_failures.origin.known());
  EXPECT_EQ(**callers.timeouts.response, 500ms);
  EXPECT_FALSE(callers.retries);
}

TEST(Read, WhatTheLocalMeshDoesNotDoIsSaid) {
  const auto r = read(object("v1", "Namespace", "shop", "", "{linkerd.io/inject: enabled}") +
                      object("v1", "Service", "pets", "spec: {ports: [{port: 8080}]}",
                             "{timeout.linkerd.io/idle: 5s, config.linkerd.io/opaque-ports: \"8080\"}") +
                      object("policy.linkerd.io/v1beta3", "Server", "api",
                             "spec: {podSelector: {}, port: 80, proxyProtocol: opaque}") +
                      object("networking.istio.io/v1", "VirtualService", "theirs",
                             "spec: {hosts: [pets], http: [{route: [{destination: {host: pets}}]}]}"));
  std::vector<std::string> said;
  for (const auto& finding : r->found.all()) said.push_back(finding.rule + " " + finding.object.kind);
  std::sort(said.begin(), said.end());
  EXPECT_EQ(said, (std::vector<std::string>{"kind-not-read VirtualService", "not-enforced Server",
                                            "not-enforced Service", "not-enforced Service"}));
}

TEST(Read, UnderIstioLinkerdsRoutesAreNotRead) {
  const auto r = read(kService + object("gateway.networking.k8s.io/v1", "HTTPRoute", "pets",
                                        "spec: {parentRefs: [{group: core, kind: Service, name: pets}]}"));
  EXPECT_EQ(r->model.mesh_kind, mesh::MeshKind::kIstio);
  EXPECT_TRUE(r->model.route_tables.empty());
  ASSERT_EQ(r->found.all().size(), 1u);
  EXPECT_EQ(r->found.all()[0].rule, "kind-not-read");
}

TEST(Read, ServersAndWhoMayCallThem) {
  const auto r = read(object("policy.linkerd.io/v1beta3", "Server", "api",
                             "spec: {podSelector: {matchLabels: {app: pets}}, port: http, proxyProtocol: "
                             "HTTP/1, accessPolicy: audit}") +
                      object(kPolicy, "AuthorizationPolicy", "callers", R"(spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: api}
  requiredAuthenticationRefs: [{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: till}])") +
                      object(kPolicy, "MeshTLSAuthentication", "till", R"(spec:
  identityRefs: [{kind: ServiceAccount, name: till, namespace: desk}, {kind: Namespace, name: back}])") +
                      object(kPolicy, "NetworkAuthentication", "lan",
                             "spec: {networks: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}") +
                      object("policy.linkerd.io/v1beta1", "ServerAuthorization", "old", R"(spec:
  server: {name: api}
  client: {networks: [{cidr: 10.2.0.0/16}], meshTLS: {serviceAccounts: [{name: web}]}})") +
                      object(kPolicy, "HTTPLocalRateLimitPolicy", "limit", R"(spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: api}
  total: {requestsPerSecond: 100}
  overrides: [{requestsPerSecond: 50, clientRefs: [{kind: ServiceAccount, name: till, namespace: desk}]}])"));
  const auto& server = r->model.servers.at(0);
  EXPECT_EQ(server.port_name, "http");
  EXPECT_EQ(*server.protocol, mesh::Server::Protocol::kHttp1);
  EXPECT_EQ(*server.access, mesh::DefaultInbound::kAudit);
  const auto& tls = r->model.authentications.at(0);
  EXPECT_EQ(*tls.identities.at(0), "till.desk.serviceaccount.identity.linkerd.cluster.local");
  EXPECT_EQ(*tls.identities.at(1), "*.back.serviceaccount.identity.linkerd.cluster.local");
  EXPECT_EQ(r->model.authentications.at(1).networks.at(0).except.size(), 1u);
  ASSERT_EQ(r->model.server_authorizations.size(), 2u);
  EXPECT_EQ(r->model.server_authorizations[0].references.at(0).name, "till");
  EXPECT_EQ(r->model.server_authorizations[0].references.at(0).ns, "shop");
  EXPECT_EQ(*r->model.server_authorizations[1].clients.identities.at(0),
            "web.shop.serviceaccount.identity.linkerd.cluster.local");
  const auto& limit = r->model.server_rate_limits.at(0);
  EXPECT_EQ(**limit.limit.total, 100u);
  EXPECT_EQ(limit.limit.overrides.at(0).identities.at(0),
            "till.desk.serviceaccount.identity.linkerd.cluster.local");
}

TEST(Read, ProfilesAndSplits) {
  const auto r =
      read(kService + object("linkerd.io/v1alpha2", "ServiceProfile", "pets.shop.svc.cluster.local", R"(spec:
  retryBudget: {retryRatio: 0.3, minRetriesPerSecond: 4, ttl: 20s}
  routes:
  - name: GET /pets
    condition: {method: GET, pathRegex: '^/pets/[^/]*$'}
    isRetryable: true
    timeout: 2s
    responseClasses: [{condition: {status: {min: 500, max: 503}}, isFailure: true}]
  - name: either
    condition: {any: [{method: PUT}, {all: [{method: POST}, {pathRegex: /pets}]}]})") +
           object("split.smi-spec.io/v1alpha1", "TrafficSplit", "split",
                  "spec: {service: pets, backends: [{service: pets, weight: 900m}, {service: none, weight: "
                  "100m}, {service: idle, weight: 0}]}"));
  ASSERT_EQ(r->model.route_tables.size(), 1u) << "the split is written into the profile";
  const auto& table = r->model.route_tables[0];
  EXPECT_EQ(*table.budget->ratio, 0.3);
  EXPECT_EQ(*table.budget->ttl, 20s);
  const auto& route = table.routes.at(0);
  EXPECT_TRUE(route.matches.at(0).uri->matches("/pets/7"));
  EXPECT_FALSE(route.matches.at(0).uri->matches("/pets/7/toys"));
  EXPECT_TRUE(*route.classes->retryable);
  EXPECT_TRUE(route.classes->failed(503));
  EXPECT_TRUE(route.classes->failed(504)) << "no class speaks of it";
  EXPECT_EQ(**route.timeout, 2s);
  EXPECT_EQ(table.routes.at(1).matches.size(), 2u);
  ASSERT_EQ(table.overrides.size(), 2u) << "weight 0 is dropped";
  EXPECT_EQ(*table.overrides[0].weight, 9 * *table.overrides[1].weight);
}

}  // namespace
}  // namespace marty::dialect::linkerd
