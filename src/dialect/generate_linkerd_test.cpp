#include <gtest/gtest.h>

#include <set>

#include "dialect/kubernetes/network_policy.hpp"
#include "dialect/linkerd/annotations.hpp"
#include "dialect/linkerd/authentication.hpp"
#include "dialect/linkerd/authorization_policy.hpp"
#include "dialect/linkerd/http_route.hpp"
#include "dialect/linkerd/rate_limit.hpp"
#include "dialect/linkerd/server.hpp"
#include "dialect/linkerd/server_authorization.hpp"
#include "dialect/linkerd/service_profile.hpp"
#include "dialect/linkerd/traffic_split.hpp"
#include "dialect/manifests.hpp"
#include "dialect/policy_cases.hpp"

namespace marty::dialect {
namespace {

using manifest::Resource;
using mesh::MeshKind;
using mesh::PolicyFile;

/// What the kustomization of a Linkerd overlay yields.
std::vector<Resource> overlay(const PolicyFile& file, Diagnostics& found) {
  manifest::MemoryTree tree =
      cases::written(generate(file, {MeshKind::kLinkerd, Layout::kOverlay, {"mesh.yaml"}}));
  SourceMap sources;
  const std::vector<std::string> paths{"out"};
  return read_manifests(tree, paths, sources, found).resources;
}

std::vector<Resource> overlay(const PolicyFile& file) {
  Diagnostics found;
  auto all = overlay(file, found);
  for (const auto& finding : found.all()) ADD_FAILURE() << finding.message;
  return all;
}

template <class Spec>
std::vector<manifest::Manifest<Spec>> all_of(const std::vector<Resource>& resources) {
  std::vector<manifest::Manifest<Spec>> all;
  Diagnostics found;
  for (const auto& resource : resources)
    if (*resource.kind == Spec::kKind) all.push_back(decoded<Spec>(resource, found));
  return all;
}

template <class Spec>
const Spec& named(const std::vector<manifest::Manifest<Spec>>& all, std::string_view name) {
  for (const auto& one : all)
    if (*one.metadata.name == name) return one.spec;
  ADD_FAILURE() << "no " << name;
  static const Spec none{};
  return none;
}

/// With the reader of its kind, which knows Linkerd's webhooks.
void decode(const Resource& resource, Diagnostics& found) {
  using namespace linkerd;
  const auto& kind = *resource.kind;
  if (kind == "HTTPRoute") decode_http_route(resource, found);
  if (kind == "ServiceProfile") decode_service_profile(resource, found);
  if (kind == "TrafficSplit") decoded<TrafficSplit>(resource, found);
  if (kind == "Server") decode_server(resource, found);
  if (kind == "ServerAuthorization") decoded<ServerAuthorization>(resource, found);
  if (kind == "AuthorizationPolicy") decode_authorization_policy(resource, found);
  if (kind == "MeshTLSAuthentication") decoded<MeshTlsAuthentication>(resource, found);
  if (kind == "NetworkAuthentication") decoded<NetworkAuthentication>(resource, found);
  if (kind == "HTTPLocalRateLimitPolicy") decoded<HttpLocalRateLimitPolicy>(resource, found);
  if (kind == "NetworkPolicy") decoded<kubernetes::NetworkPolicy>(resource, found);
  if (kind == "HTTPRoute" || kind == "Service") {
    decode_failure_accrual(resource, found);
    decode_retries(resource, found);
    decode_timeouts(resource, found);
  }
}

/// Every case, in both families, both stages and for the oldest and the newest version.
std::vector<PolicyFile> variants() {
  std::vector<PolicyFile> all;
  for (const auto& text : cases::all())
    for (const char* api : {"httproute", "serviceprofile"})
      for (const char* mtls : {"strict", "permissive"})
        for (const char* version : {"2.16", "2.20"}) {
          auto file = cases::policies(text).value();
          file.target.linkerd_api.value = api;
          file.security.mtls.value = mtls;
          file.target.linkerd.value = version;
          all.push_back(std::move(file));
        }
  return all;
}

TEST(GenerateLinkerd, WhatIsWrittenIsReadWithoutAFinding) {
  for (const auto& file : variants()) {
    for (const auto& resource : overlay(file)) {
      Diagnostics found;
      decode(resource, found);
      for (const auto& finding : found.all())
        ADD_FAILURE() << *resource.kind << " " << *resource.name << ": " << finding.message;
    }
  }
}

TEST(GenerateLinkerd, EveryNameMeansSomethingThatIsThere) {
  for (const auto& file : variants()) {
    const auto resources = overlay(file);
    std::set<std::string> there;
    for (const auto& one : resources) there.insert(*one.kind + "/" + *one.name);
    EXPECT_EQ(there.size(), resources.size()) << "two objects have one name";
    const auto expect = [&](const std::string& kind, const std::string& name) {
      EXPECT_TRUE(there.contains(kind + "/" + name)) << kind << " " << name;
    };
    for (const auto& route : all_of<linkerd::HttpRoute>(resources)) {
      for (const auto& parent : route.spec.parent_refs) expect(**parent.kind, *parent.name);
      for (const auto& rule : *route.spec.rules)
        for (const auto& to : rule.backend_refs)
          if (*to.kind != "Fault") expect("Service", *to.name);
    }
    for (const auto& policy : all_of<linkerd::AuthorizationPolicy>(resources)) {
      expect(*policy.spec.target_ref.kind, *policy.spec.target_ref.name);
      for (const auto& ref : policy.spec.required_authentication_refs) expect(*ref.kind, *ref.name);
    }
    for (const auto& one : all_of<linkerd::ServerAuthorization>(resources))
      expect("Server", **one.spec.server.name);
    for (const auto& split : all_of<linkerd::TrafficSplit>(resources))
      for (const auto& backend : split.spec.backends) expect("Service", *backend.service);
  }
}

/// Trap 1 of the two families: together, one would switch the other off.
TEST(GenerateLinkerd, TheFamiliesAreNeverMixed) {
  for (const auto& file : variants()) {
    const auto resources = overlay(file);
    const bool profile = *file.target.linkerd_api == "serviceprofile";
    EXPECT_EQ(all_of<linkerd::ServiceProfile>(resources).size(), profile ? 1u : 0u);
    for (const auto& resource : resources) {
      Diagnostics found;
      EXPECT_FALSE(profile && linkerd::decode_failure_accrual(resource, found)) << *resource.name;
    }
    if (!profile) continue;
    EXPECT_TRUE(all_of<linkerd::HttpRoute>(resources).empty());
    for (const auto& one : all_of<linkerd::ServiceProfile>(resources))
      EXPECT_TRUE(one.spec.dst_overrides.empty());
  }
}

TEST(GenerateLinkerd, TheBaseIsTheSameForEveryMesh) {
  const auto file = cases::policies(cases::all()[0]).value();
  const auto base = [&](MeshKind mesh) {
    std::map<std::string, std::string> texts;
    for (const auto& one : generate(file, {mesh, Layout::kServiceTree, {"mesh.yaml"}}))
      if (!one.path.starts_with("overlays/") && one.path.find("-policies") == std::string::npos)
        texts[one.path] = one.text;
    return texts;
  };
  const auto istio = base(MeshKind::kIstio), linkerd = base(MeshKind::kLinkerd);
  for (const auto& [path, text] : linkerd) {
    if (istio.contains(path)) {
      EXPECT_EQ(istio.at(path), text) << path;
    }
  }
  EXPECT_TRUE(linkerd.contains("base/deployments.yaml"));
}

TEST(GenerateLinkerd, MoreRulesThanARouteTakesAreMoreRoutes) {
  std::string text = cases::kStart;
  text +=
      "  workload: {image: \"shop:1\", versions: {v1: {replicas: 1}, v2: {replicas: 1}}}\n"
      "  routing:\n    split: {v1: 100, v2: 0}\n    experiments:\n";
  for (int i = 0; i < 33; ++i)
    text +=
        "    - {name: e" + std::to_string(i) + ", header: {x: \"" + std::to_string(i) + "\"}, version: v2}\n";
  const auto routes = all_of<linkerd::HttpRoute>(overlay(cases::policies(text).value()));
  ASSERT_EQ(routes.size(), 3u);
  EXPECT_EQ(named(routes, "shop-service-all").rules->size(), 16u);
  EXPECT_EQ(named(routes, "shop-service-all-02").rules->size(), 16u);
  EXPECT_EQ(named(routes, "shop-service-all-03").rules->size(), 2u);
}

TEST(GenerateLinkerd, OnlyWhatMayBeSentTwiceIsRetried) {
  const auto resources = overlay(cases::policies(cases::all()[0]).value());
  std::map<std::string, std::optional<linkerd::Retries>> retries;
  Diagnostics found;
  for (const auto& one : resources)
    retries[*one.kind + "/" + *one.name] = linkerd::decode_retries(one, found);
  const auto& retried = retries["HTTPRoute/petstore-domain-service-retried"];
  ASSERT_TRUE(retried);
  EXPECT_EQ(*retried->http, (std::vector<linkerd::Retries::StatusRange>{{502, 504}}));
  EXPECT_EQ(*retried->limit, 3u);
  EXPECT_EQ(**retried->timeout, Duration{2s});
  EXPECT_FALSE(retries["HTTPRoute/petstore-domain-service-rest"]);
  EXPECT_FALSE(retries["HTTPRoute/petstore-domain-service-faults"]) << "a fault that is retried is not seen";
  EXPECT_FALSE(retries["Service/petstore-domain-service"])
      << "a route without retries would take the Service's";
}

TEST(GenerateLinkerd, FaultsTakeTheirShareAndTheVersionsKeepTheirs) {
  const auto routes = all_of<linkerd::HttpRoute>(overlay(cases::policies(cases::all()[0]).value()));
  const auto& rules = *named(routes, "petstore-domain-service-faults").rules;
  ASSERT_EQ(rules.size(), 2u);
  const auto& everybody = rules[1].backend_refs;
  ASSERT_EQ(everybody.size(), 3u);
  EXPECT_EQ(*everybody[0].kind, "Fault");
  const double sum = *everybody[0].weight + *everybody[1].weight + *everybody[2].weight;
  EXPECT_DOUBLE_EQ(*everybody[0].weight / sum, 0.05);
  EXPECT_DOUBLE_EQ(*everybody[1].weight / sum, 0.95 * 0.9);
  EXPECT_EQ(rules[0].matches[0].headers.size(), 2u)
      << "with the canary header as well: more headers go first";
}

TEST(GenerateLinkerd, StrictDeniesAndPermissiveAudits) {
  auto file = cases::policies(cases::all()[0]).value();
  using linkerd::DefaultPolicy;
  const auto access = [&] {
    return *named(all_of<linkerd::Server>(overlay(file)), "petstore-domain-http").access_policy;
  };
  EXPECT_EQ(access(), DefaultPolicy::kDeny);
  file.security.mtls.value = "permissive";
  EXPECT_EQ(access(), DefaultPolicy::kAudit);
}

/// Probes and scrapes come without an identity, whatever else is closed.
TEST(GenerateLinkerd, ProbesAndScrapesAreLetIn) {
  for (auto& file : variants()) {
    if (*file.target.linkerd_api != "httproute") continue;
    const auto resources = overlay(file);
    std::set<std::string> open;
    for (const auto& one : all_of<linkerd::AuthorizationPolicy>(resources))
      if (*one.spec.required_authentication_refs.at(0).kind == "NetworkAuthentication")
        open.insert(*one.spec.target_ref.name);
    EXPECT_TRUE(open.contains(*file.name + "-proxy-admin"));
    EXPECT_EQ(open.contains(*file.name + "-metrics"), *file.workload.metrics_port != 0);
    const bool routes = !file.security.allow.empty();  // without, Linkerd's own route for probes is there
    EXPECT_EQ(open.contains(*file.name + "-probes"), routes && !file.workload.liveness->empty());
    for (const auto& one : all_of<linkerd::HttpLocalRateLimitPolicy>(resources))
      EXPECT_FALSE(one.spec.total) << "of a total, probes would be a part";
  }
}

TEST(GenerateLinkerd, TheRateIsPerSecond) {
  const std::pair<const char*, std::uint32_t> table[] = {{"refill: 100, every: 60s", 2},
                                                         {"refill: 1, every: 60s", 1},
                                                         {"refill: 60, every: 60s", 1},
                                                         {"refill: 100, every: 500ms", 200},
                                                         {"refill: 100, every: 60s, perSecond: 50", 50}};
  for (const auto& [rate, wanted] : table) {
    const auto file = cases::policies(std::string(cases::kStart) +
                                      "  workload: {image: \"shop:1\", versions: {v1: {replicas: 1}}}\n"
                                      "  rateLimit: {scope: instance, burst: 200, " +
                                      rate + "}\n");
    ASSERT_TRUE(file) << rate;
    const auto limits = all_of<linkerd::HttpLocalRateLimitPolicy>(overlay(*file));
    ASSERT_EQ(limits.size(), 1u);
    EXPECT_EQ(*limits[0].spec.identity->requests_per_second, wanted) << rate;
  }
}

TEST(GenerateLinkerd, CallersOfAnotherMeshAreNotLetIn) {
  const auto file = cases::policies(cases::all()[0]).value();
  const auto tls = all_of<linkerd::MeshTlsAuthentication>(overlay(file));
  TextList wanted{{"petstore-client.petstore-domain.serviceaccount.identity.linkerd.cluster.local"},
                  {"ingress-nginx.ingress-nginx.serviceaccount.identity.linkerd.cluster.local"}};
  EXPECT_EQ(*named(tls, "petstore-domain-callers").identities, wanted);
  const auto istio = mesh::lower(file).authorization.front().policy.rules.front().from.front().principals;
  ASSERT_EQ(istio.size(), 2u);
  EXPECT_EQ(istio[1].text, "cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account");
}

TEST(GenerateLinkerd, WhatLinkerdCannotDoIsSaid) {
  auto file = cases::policies(cases::all()[0]).value();
  const auto said = [&](std::string_view asked, std::string_view becomes) {
    for (const auto& one : capabilities(file, MeshKind::kLinkerd))
      if (one.asked.starts_with(asked))
        return one.becomes == becomes && !one.why.empty() && one.origin.known();
    return false;
  };
  EXPECT_TRUE(said("connections", ""));
  EXPECT_TRUE(said("outliers.maxEjectedPercent", ""));
  EXPECT_TRUE(said("routing.retries.budget", ""));
  EXPECT_TRUE(said("chaos: delay", ""));
  EXPECT_TRUE(said("chaos: abort with 503", "500 for 5 %, not retried"));
  EXPECT_TRUE(said("rateLimit", "200 a second, per pod and caller identity"));
  file.target.linkerd_api.value = "serviceprofile";
  EXPECT_TRUE(said("outliers", ""));
  EXPECT_TRUE(said("routing: 'canary'", ""));
  EXPECT_TRUE(said("security.allow 'callers'", "the whole port"));
  EXPECT_TRUE(said("security.allow 'health'", ""));
  EXPECT_FALSE(said("routing.retries.budget", "")) << "this family has one";
  file.target.linkerd.value = "2.16";
  EXPECT_TRUE(said("rateLimit", ""));
}

}  // namespace
}  // namespace marty::dialect
