#include "dialect/generate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "dialect/kubernetes/network_policy.hpp"
#include "dialect/manifests.hpp"
#include "dialect/marty/mesh_yaml.hpp"
#include "manifest/memory_tree.hpp"

namespace marty::dialect {
namespace {

namespace fs = std::filesystem;
using mesh::MeshKind;

std::string text_of(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

mesh::PolicyFile policies(const std::string& text) {
  SourceMap sources;
  Diagnostics found;
  const auto number = sources.add("mesh.yaml", text);
  auto file = read_policy_file(text, number, found);
  for (const auto& finding : found.all()) {
    EXPECT_NE(finding.severity, Severity::kError) << render(finding, sources) << text;
  }
  EXPECT_TRUE(file.has_value());
  return file.value_or(mesh::PolicyFile{});
}

manifest::MemoryTree written(const std::vector<GeneratedFile>& files) {
  manifest::MemoryTree tree;
  for (const auto& file : files) {
    if (file.link_to.empty()) tree.files["out/" + file.path] = file.text;
  }
  return tree;
}

const char* const kStart =
    "apiVersion: marty.dev/v1\nkind: ServiceMesh\nmetadata: {name: shop, namespace: market}\n"
    "spec:\n  service: {name: shop-service, port: 8080}\n";

/// Policy files that differ in what they leave out; the petstore's own comes first.
std::vector<std::string> cases() {
  const std::string start = kStart;
  const std::string two =
      start + "  workload: {image: \"shop:1\", versions: {v1: {replicas: 2}, v2: {replicas: 2}}}\n";
  return {
      text_of("plugins/petstore_domain/mesh.yaml"),
      start + "  workload: {image: \"shop:1\", versions: {v1: {replicas: 1}}}\n",
      two + "  routing: {split: {v1: 50, v2: 50}, timeout: 1500ms}\n  security: {mtls: permissive}\n",
      two +
          "  security: {mtls: permissive, allow: [{name: a, from: [{namespace: n, serviceAccount: s}]}, "
          "{name: b}]}\n",
      two + "  security: {mtls: permissive, allow: [{name: b}]}\n",
      "apiVersion: marty.dev/v1\nkind: ServiceMesh\nmetadata: {name: shop, namespace: market}\nspec:\n"
      "  service: {name: shop-service, port: 8080, dependsOn: [orders.desk, a.market, "
      "b.c.svc.cluster.local]}\n"
      "  workload: {image: \"shop:1\", versions: {v1: {replicas: 1}}}\n",
      two + "  routing: {canary: {header: {x-try: \"yes\"}, version: v2}}\n",
      two +
          "  routing:\n    split: {v1: 100, v2: 0}\n    canary: {header: {x-try: \"yes\"}, version: v2}\n"
          "    experiments:\n"
          "    - {name: blue, header: {x-group: b}, version: v2}\n"
          "    - {name: green, cookie: {group: g_1}, version: v1}\n"
          "    - {name: mobile, header: {User-Agent: Mob}, match: prefix, version: v2}\n"
          "    - {name: phones, header: {user-agent: \".*(Android|iPhone).*\"}, match: regex, version: v2}\n",
      two + "  routing: {retries: {attempts: 0}}\n  connections: {max: 0, pending: 1, requests: 2}\n",
      two +
          "  routing: {retries: {attempts: 1, on: [5xx, \"503\", reset]}, canary: {header: {X-Try: \"yes\"}, "
          "version: v2}}\n"
          "  outliers: {consecutive5xx: 0}\n  target: {istio: \"1.20\"}\n",
      two +
          "  rateLimit: {scope: instance, burst: 1, refill: 1, every: 1500ms}\n"
          "  security: {allow: [{name: all, to: [{paths: [\"*\", \"*/x\", /y]}]}, {name: none}]}\n",
      two +
          "  environment: test\n  chaos:\n  - {header: {a: b}, delay: {percent: 0.5, fixed: 1ms}, abort: "
          "{percent: 33.3333, "
          "status: 500}}\n"
          "  - {header: {c: \"true\"}, abort: {percent: 100, status: 404}}\n",
  };
}

TEST(Generate, ReadingTheTreeBackGivesTheLoweredPolicies) {
  for (const auto& text : cases()) {
    const auto file = policies(text);
    for (const auto layout : {Layout::kOverlay, Layout::kServiceTree}) {
      manifest::MemoryTree tree = written(generate(file, {MeshKind::kIstio, layout, {"mesh.yaml", ""}}));
      SourceMap sources;
      Diagnostics found;
      const std::vector<std::string> paths{layout == Layout::kOverlay ? "out"
                                                                      : "out/overlays/service-mesh-istio"};
      const auto manifests = read_manifests(tree, paths, sources, found);
      const mesh::Model model = to_model(manifests, found);
      for (const auto& finding : found.all()) ADD_FAILURE() << render(finding, sources) << text;
      EXPECT_TRUE(manifests.complete);
      mesh::Model wanted = mesh::lower(file);
      std::sort(wanted.service_accounts.begin(), wanted.service_accounts.end(),
                [](const auto& a, const auto& b) { return *a < *b; });  // as kustomize sorts objects
      EXPECT_EQ(model.namespaces, wanted.namespaces);
      EXPECT_EQ(model.service_accounts, wanted.service_accounts);
      EXPECT_EQ(model.services, wanted.services) << text;
      EXPECT_EQ(model.workloads, wanted.workloads) << text;
      EXPECT_EQ(model.route_tables, wanted.route_tables) << text;
      EXPECT_EQ(model.destinations, wanted.destinations) << text;
      EXPECT_EQ(model.mtls, wanted.mtls) << text;
      EXPECT_EQ(model.authorization, wanted.authorization) << text;
      EXPECT_EQ(model.rate_limits, wanted.rate_limits) << text;
      EXPECT_EQ(model.sidecars, wanted.sidecars) << text;
      EXPECT_TRUE(model == wanted);
    }
  }
}

TEST(Generate, SamePoliciesSameBytesAndEveryFileSaysWhereItIsFrom) {
  const auto file = policies(cases()[0]);
  const auto once = generate(file, {MeshKind::kIstio, Layout::kServiceTree, {"mesh.yaml", ""}});
  const auto again = generate(file, {MeshKind::kIstio, Layout::kServiceTree, {"mesh.yaml", ""}});
  ASSERT_EQ(once.size(), again.size());
  for (std::size_t i = 0; i < once.size(); ++i) {
    EXPECT_EQ(once[i].text, again[i].text);
    if (!once[i].link_to.empty()) continue;
    const auto where = once[i].text.find("Generated by marty from mesh.yaml");
    EXPECT_LT(where, 64u) << once[i].path;  // within the first two lines, whatever the file calls a comment
  }
}

TEST(Generate, TheTreeInTheRepositoryIsWhatThePoliciesSay) {
  const auto file = policies(cases()[0]);
  for (const auto& wanted :
       generate(file, {MeshKind::kIstio, Layout::kServiceTree, {"plugins/petstore_domain/mesh.yaml", ""}})) {
    const fs::path path = fs::path("plugins/petstore_domain/k8s") / wanted.path;
    if (wanted.link_to.empty()) {
      EXPECT_EQ(text_of(path), wanted.text)
          << path << "\nrun: marty service-mesh generate-overlay --service petstore-domain --mesh istio";
    } else {
      EXPECT_TRUE(fs::is_symlink(path)) << path;
      EXPECT_EQ(fs::read_symlink(path), wanted.link_to);
    }
  }
}

TEST(Generate, PermissiveLocksNobodyOut) {
  auto file = policies(cases()[0]);
  const auto all = [&] {
    std::string text;
    for (const auto& one : generate(file, {mesh::MeshKind::kIstio, Layout::kOverlay, {"mesh.yaml", ""}}))
      text += one.text;
    return text;
  };
  EXPECT_EQ(all().find("istio.io/dry-run"), std::string::npos);
  file.security.mtls.value = "permissive";
  for (const auto& scope : mesh::lower(file).authorization) EXPECT_TRUE(scope.dry_run);
  EXPECT_NE(all().find("istio.io/dry-run: \"true\""), std::string::npos);
  EXPECT_NE(all().find("go on: --mtls strict"), std::string::npos);
  for (auto& allow : file.security.allow) allow.from.clear();
  for (const auto& scope : mesh::lower(file).authorization)
    EXPECT_FALSE(scope.dry_run) << "nobody is asked for";
}

/// Reads the generated NetworkPolicy as the API server would; what it does not say is a finding.
kubernetes::NetworkPolicy network_policy(const mesh::PolicyFile& file) {
  for (const auto& one : generate(file, {mesh::MeshKind::kIstio, Layout::kOverlay, {"mesh.yaml", ""}})) {
    if (one.path != "network-policy.yaml") continue;
    Diagnostics found;
    const auto read = manifest::read_resources(one.text, 0, found);
    const auto policy = decoded<kubernetes::NetworkPolicy>(read.all.at(0), found).spec;
    EXPECT_TRUE(found.all().empty()) << found.all()[0].message << one.text;
    return policy;
  }
  ADD_FAILURE() << "no network-policy.yaml";
  return {};
}

TEST(Generate, TheNetworkPolicyLetsTheMeshIn) {
  auto file = policies(cases()[0]);
  const auto names = [](const std::vector<kubernetes::NetworkPolicy::Peer>& peers) {
    std::string all;
    for (const auto& peer : peers)
      for (const auto& [key, value] : peer.namespace_selector->match_labels) all += value + " ";
    return all;
  };
  const auto numbers = [](const std::vector<kubernetes::NetworkPolicy::Port>& ports) {
    std::vector<std::int64_t> all;
    for (const auto& port : ports) all.push_back((*port.port)->number);
    return all;
  };
  using Numbers = std::vector<std::int64_t>;
  auto policy = network_policy(file);
  EXPECT_EQ(names(policy.ingress->at(0).from), "") << "anybody may ask for /health";
  EXPECT_EQ(numbers(policy.ingress->at(0).ports), (Numbers{8080, 15008}));
  EXPECT_EQ(numbers(policy.ingress->at(1).ports), (Numbers{9000, 15020, 15090}));
  EXPECT_EQ(numbers(policy.egress->at(0).ports), (Numbers{53, 53}));
  EXPECT_EQ(names(policy.egress->at(1).to), "istio-system ");
  EXPECT_EQ(numbers(policy.egress->at(1).ports), Numbers{15012});
  EXPECT_EQ(names(policy.egress->at(2).to), "observability ");
  EXPECT_EQ(numbers(policy.egress->at(2).ports), Numbers{4317});

  file.security.allow.pop_back();
  EXPECT_EQ(names(network_policy(file).ingress->at(0).from), "istio-system petstore-domain ");
  file.security.mtls.value = "permissive";
  EXPECT_EQ(names(network_policy(file).ingress->at(0).from), "") << "identities are not asked for yet";

  file.service.depends_on = {{{"orders.desk", {}}, {"own.petstore-domain", {}}, {"b.desk", {}}}};
  EXPECT_EQ(names(network_policy(file).egress->back().to), "desk ");
  file.service.depends_on.reset();
  EXPECT_FALSE(network_policy(file).egress) << "not declared, so not closed";
  EXPECT_EQ(network_policy(file).policy_types.size(), 1u);
}

TEST(Generate, WhatIstioCannotSayIsReported) {
  Diagnostics found;
  report_capabilities(policies(cases()[0]), MeshKind::kIstio, found);
  ASSERT_FALSE(found.all().empty());
  for (const auto& finding : found.all()) EXPECT_EQ(finding.rule, "not-expressed");
}

TEST(Generate, ChaosIsForTestsOnlyAndSaid) {
  auto file = policies(cases()[0]);
  const auto with = [&](const char* environment) {
    file.environment.value = environment;
    std::string all;
    for (const auto& one :
         generate(file, {MeshKind::kIstio, Layout::kOverlay, {"mesh.yaml", " --environment x"}}))
      all += one.text;
    Diagnostics found;
    report_chaos(file, found);
    EXPECT_EQ(found.all().size(), 1u);
    EXPECT_EQ(all.find("fault:") != all.npos, all.find("TEST CLUSTERS ONLY") != all.npos);
    EXPECT_EQ(all.find("fault:") != all.npos, all.find("marty.dev/environment: test") != all.npos);
    return std::pair(all.find("fault:") != all.npos, found.all()[0].rule);
  };
  EXPECT_EQ(with("test"), std::pair(true, std::string("chaos-included")));
  EXPECT_EQ(with("production"), std::pair(false, std::string("chaos-left-out")));
  file.chaos.clear();
  Diagnostics found;
  report_chaos(file, found);
  EXPECT_TRUE(found.all().empty()) << "nothing to say";
}

TEST(PolicyFile, WrittenAndReadAgainItIsTheSame) {
  for (const auto& text : cases()) {
    const std::string once = write_policy_file(policies(text));
    EXPECT_EQ(write_policy_file(policies(once)), once);
    EXPECT_TRUE(mesh::lower(policies(once)) == mesh::lower(policies(text))) << once;
  }
}

struct Wrong {
  const char *text, *rule, *message;
};

TEST(PolicyFile, WrongPoliciesAreReported) {
  const std::string workload =
      "  workload: {image: \"shop:1\", versions: {v1: {replicas: 3}, v2: {replicas: 1}}}\n";
  const Wrong table[] = {
      {"  routing: {split: {v1: 90, v3: 10}}\n", "unknown-version", "has no 'v3'"},
      {"  routing: {split: {v1: 90, v2: 20}}\n", "split-sum", "adds up to 110"},
      {"  routing: {experiments: [{name: a, version: v2}]}\n", "missing-field", "whose requests?"},
      {"  routing: {experiments: [{name: a, header: {x: \"(\"}, match: regex, version: v2}]}\n",
       "invalid-value", "no RE2 expression"},
      {"  routing: {experiments: [{name: a, header: {x: b}, match: suffix, version: v2}]}\n", "invalid-value",
       "'exact', 'prefix' or 'regex'"},
      {"  routing: {experiments: [{name: a, header: {x: b}, cookie: {y: c}, version: v2}]}\n",
       "conflicting-fields", "cookie"},
      {"  routing: {experiments: [{name: a, cookie: {y: \".*\"}, version: v2}]}\n", "invalid-value",
       "letters"},
      {"  routing: {experiments: [{name: a, header: {x: b}, version: v2}, {name: a, header: {x: c}, version: "
       "v2}]}\n",
       "duplicate-name", "two audiences are called 'a'"},
      {"  routing: {canary: {header: {X: b}, version: v2}, experiments: [{name: a, header: {x: b}, version: "
       "v1}]}\n",
       "never-reached", "the same header as 'canary'"},
      {"  routing: {retries: {on: [gateway-eror]}}\n", "invalid-value", "not a retry condition"},
      {"  target: {istio: \"1.99\"}\n", "invalid-value", "such as 1.30"},
      {"  target: {linkerd: stable-2.14}\n", "invalid-value", "such as 2.19"},
      {"  rateLimit: {scope: instance, burst: 1, refill: 1, every: 60}\n", "wrong-type",
       "a duration such as"},
      {"  security: {allow: [{name: a}, {name: a}]}\n", "duplicate-name", "two allow rules are called 'a'"},
      {"  routing: {canary: {header: {a: b, c: d}, version: v2}}\n", "invalid-value", "exactly one header"},
      {"  routing: {canary: {header: {a: true}, version: v2}}\n", "wrong-type", "expected a text"},
      {"  routing: {retries: {methods: [POST]}}\n", "invalid-value", "may be sent twice"},
      {"  routing: {retries: {on: [gateway-eror]}}\n", "invalid-value", "not a retry condition"},
      {"  routing: {timeout: 5s, retries: {attempts: 3, perTryTimeout: 2s}}\n", "retries-beyond-timeout",
       "4 tries of 2s"},
      {"  outliers: {maxEjectedPercent: 30}\n", "ejects-nothing", "30 % of the 3 pod(s) of v1"},
      {"  rateLimit: {scope: service, burst: 1, refill: 1, every: 1s}\n", "invalid-value",
       "rate-limit service"},
      {"  rateLimit: {scope: instance, burst: 1, refill: 1, every: 10ms}\n", "out-of-range", "every 50ms"},
      {"  environment: staging\n", "invalid-value", "'production' (no chaos) or 'test'"},
      {"  security: {mtls: STRICT}\n", "invalid-value", "'strict' or 'permissive'"},
      {"  chaos: [{header: {a: b}}]\n", "missing-field", "needs 'delay' or 'abort'"},
      {"  timeout: 3s\n", "misplaced-field", "belongs in spec.routing"},
      {"  observability: {alerts: {errorRates: {above: 5%}}}\n", "unknown-field", "'errorRates'"},
      {"  observability: {alerts: {errorRate: {above: 1000ms}}}\n", "invalid-value", "share between"},
      {"  observability: {alerts: {p99: {for: 5m}}}\n", "missing-field", "'above'"},
      {"  observability: {alerts: {breakerOpen: {for: 15s}}}\n", "out-of-range", "single scrape"},
      {"  observability: {slo: {availability: 100%}}\n", "invalid-value", "share between"},
      {"  observability: {slo: {availability: 99.9%, window: 4w}}\n", "invalid-value", "whole days"},
      {"  observability: {slo: {availability: 99%, latency: {below: 300ms, share: 99%}}}\n", "invalid-value",
       "faster than 300ms"},
      {"  routing: {timeout: 10}\n", "wrong-type", "a duration such as 30s"},
  };
  for (const Wrong& wrong : table) {
    Diagnostics found;
    read_policy_file(kStart + workload + wrong.text, 0, found);
    ASSERT_FALSE(found.all().empty()) << wrong.text;
    EXPECT_EQ(found.all()[0].rule, wrong.rule) << wrong.text << found.all()[0].message;
    EXPECT_NE(found.all()[0].message.find(wrong.message), std::string::npos) << found.all()[0].message;
    EXPECT_GE(found.all()[0].where.begin.line, 7u);
  }
}

TEST(PolicyFile, AVersionHasReplicasAndTrafficGoesToPods) {
  for (const auto& [versions, rule] : {std::pair("v1: {replicas: 1}, v2: {}", "missing-field"),
                                       std::pair("v1: {replicas: 1}, v2: {replicas: 0}", "no-pods")}) {
    Diagnostics found;
    read_policy_file(std::string(kStart) + "  workload: {image: \"shop:1\", versions: {" + versions +
                         "}}\n  routing: {split: {v1: 90, v2: 10}}\n",
                     0, found);
    ASSERT_EQ(found.all().size(), 1u) << versions;
    EXPECT_EQ(found.all()[0].rule, rule);
  }
}

}  // namespace
}  // namespace marty::dialect
