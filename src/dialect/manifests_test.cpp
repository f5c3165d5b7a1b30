#include "dialect/manifests.hpp"

#include <gtest/gtest.h>

#include "manifest/memory_tree.hpp"

namespace marty::dialect {
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
  return r;
}

const std::string kHead = "apiVersion: networking.istio.io/v1\nkind: ";

std::string route(const std::string& body) {
  return kHead + "VirtualService\nmetadata: {name: x}\nspec:\n  hosts: [pets]\n  http:\n" + body;
}
std::string rule(const std::string& body) {
  return kHead + "DestinationRule\nmetadata: {name: x}\nspec:\n  host: pets\n" + body;
}
std::string authz(const std::string& body) {
  return "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: x}\nspec:\n" + body;
}
std::string filter(const std::string& config) {
  return "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: x}\nspec:\n"
         "  workloadSelector: {labels: {app: pets}}\n  configPatches:\n  - applyTo: HTTP_FILTER\n"
         "    match: {context: SIDECAR_INBOUND}\n    patch:\n      operation: INSERT_BEFORE\n"
         "      value:\n        name: envoy.filters.http.local_ratelimit\n        typed_config: " +
         config + "\n";
}
const std::string kService =
    "---\napiVersion: v1\nkind: Service\nmetadata: {name: pets}\nspec:\n  selector: {app: pets}\n  ports: "
    "[{port: 80, targetPort: web}]\n";
const std::string kPods =
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pets}\nspec:\n  selector: {matchLabels: "
    "{app: pets}}\n"
    "  template:\n    metadata: {labels: {app: pets, version: v1}}\n    spec:\n      containers:\n      - "
    "name: a\n"
    "        ports: [{name: web, containerPort: 8080}]\n        readinessProbe: {httpGet: {path: /r, port: "
    "web}}\n";

struct Wrong {
  std::string text;
  const char *rule, *message, *field;
};

TEST(Manifests, WrongIstioObjectsAreReportedWithPlaceAndPath) {
  const std::string good = "  - route: [{destination: {host: pets}}]\n";
  const Wrong table[] = {
      {route("  - route: [{destination: {host: pets, subset: v9}}]\n"), "unknown-subset",
       "no DestinationRule defines the subset 'v9'", ""},
      {route("  - route: [{destination: {hots: pets}}]\n"), "unknown-field",
       "Destination has no field 'hots'", "spec.http[0].route[0].destination.hots"},
      {route(
           "  - route: [{destination: {host: pets}}]\n    retries: {attempts: 1, retryOn: \"5xx, reset\"}\n"),
       "unknown-value", "no condition ' reset'", "spec.http[0].retries"},
      {route("  - route: [{destination: {host: pets}}]\n    retries: {attempts: 0, perTryTimeout: 1s}\n"),
       "conflicting-fields", "switches retries off", "spec.http[0].retries"},
      {route("  - route: [{destination: {host: pets}}]\n    timeout: 0s\n"), "out-of-range", "at least 1ms",
       "spec.http[0].timeout"},
      {route("  - route: [{destination: {host: pets}}]\n    fault: {abort: {httpStatus: 503}}\n"),
       "fault-without-percentage", "nothing is aborted", "spec.http[0].fault.abort"},
      {route("  - timeout: 1s\n"), "route-action", "exactly one of", "spec.http[0]"},
      {route("  - match: [{uri: {exact: /a, prefix: /b}}]\n    route: [{destination: {host: pets}}]\n"),
       "conflicting-fields", "exclude each other", "spec.http[0].match[0].uri"},
      {route("  - match: [{uri: {regex: \"(\"}}]\n    route: [{destination: {host: pets}}]\n"),
       "invalid-value", "no RE2", "spec.http[0].match[0].uri"},
      {route("  - match: [{headers: {canary: {exact: true}}}]\n    route: [{destination: {host: pets}}]\n"),
       "wrong-type", "found the bool true", "spec.http[0].match[0].headers.canary.exact"},
      {route("  - route: [{destination: {host: pets}, weight: 0}, {destination: {host: pets}, weight: 0}]\n"),
       "weights-zero", "add up to 0", "spec.http[0]"},
      {route(good) + "  outlierDetection: {}\n", "unknown-field", "no field 'outlierDetection'",
       "spec.outlierDetection"},
      {rule("  outlierDetection: {interval: 3s}\n"), "misplaced-field", "it belongs in spec.trafficPolicy",
       "spec.outlierDetection"},
      {rule("  trafficPolicy: {outlierDetection: {consecutiveErrors: 3}}\n"), "deprecated-field",
       "has no effect", "spec.trafficPolicy.outlierDetection.consecutiveErrors"},
      {rule("  trafficPolicy: {outlierDetection: {maxEjectionPercent: 150}}\n"), "out-of-range",
       "from 0 to 100", "spec.trafficPolicy.outlierDetection.maxEjectionPercent"},
      {rule("  trafficPolicy: {outlierDetection: {baseEjectionTime: 30}}\n"), "wrong-type", "a duration",
       "spec.trafficPolicy.outlierDetection.baseEjectionTime"},
      {rule("  trafficPolicy: {loadBalancer: {simple: ROUNDROBIN}}\n"), "unknown-value", "'ROUNDROBIN'",
       "spec.trafficPolicy.loadBalancer.simple"},
      {rule("  subsets: [{name: a}, {name: a}]\n"), "duplicate-subset", "defined twice", "spec"},
      {rule("  subsets: [{name: A_b}]\n"), "invalid-value", "is not a name", "spec.subsets[0].name"},
      {authz("  action: DENY\n"), "missing-field", "never triggered", "spec"},
      {authz("  rules: [{from: []}]\n"), "missing-field", "present but empty", "spec.rules[0]"},
      {authz("  rules: [{to: [{operation: {ports: [8080]}}]}]\n"), "wrong-type", "expected a text",
       "spec.rules[0].to[0].operation.ports[0]"},
      {authz("  rules: [{from: [{principals: [a]}]}]\n"), "misplaced-field",
       "belongs in spec.rules[].from[].source", "spec.rules[0].from[0].principals"},
      {"apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: x}\nspec: {mtls: {mode: "
       "STRIKT}}\n",
       "unknown-value", "STRIKT", "spec.mtls.mode"},
      {"apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: x}\nspec: "
       "{portLevelMtls: {80: {mode: STRICT}}}\n",
       "conflicting-fields", "needs a selector", "spec"},
      {kHead + "Sidecar\nmetadata: {name: x}\nspec: {egress: [{hosts: [shop.svc]}]}\n", "invalid-value",
       "such as ./*", "spec.egress[0].hosts[0]"},
      {kHead + "Sidecar\nmetadata: {name: x}\nspec: {egress: [{hosts: [./*]}, {hosts: [a/*]}]}\n",
       "conflicting-fields", "what the others left", "spec"},
      {kHead + "Sidecar\nmetadata: {name: x}\nspec: {egress: [{hosts: [./*]}], outboundTrafficPolicy: {mode: "
               "ALLOW_ANY}}\n",
       "not-enforced", "502", "spec.outboundTrafficPolicy"},
      {"apiVersion: networking.istio.io/v1\nkind: EnvoyFilter\nmetadata: {name: x}\nspec: {}\n",
       "unknown-version", "served as v1alpha3", ""},
      {"apiVersion: networking.istio.io/v1\nkind: VirtualServce\nmetadata: {name: x}\n", "kind-not-read",
       "not read by marty", ""},
      {kHead + "VirtualService\nmetadata: {}\nspec: {}\n", "missing-field", "needs metadata.name", ""},
      {filter("{value: {token_bucket: {max_tokens: 1}}}"), "envoy-type", "needs '@type'", ""},
      {filter("{\"@type\": type.googleapis.com/udpa.type.v1.TypedStruct, value: {}}"), "envoy-type",
       "type_url", ""},
      {filter(
           "{\"@type\": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit, "
           "stat_prefix: a, "
           "token_bucket: {max_tokens: 1, fill_interval: 1s}}"),
       "rate-limit-off", "0 % of the requests", "spec.configPatches[0].patch.value"},
      {filter(
           "{\"@type\": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit, "
           "stat_prefix: a, "
           "token_bucket: {max_tokens: 1, fill_interval: 1m}}"),
       "invalid-value", "seconds of at least",
       "spec.configPatches[0].patch.value.token_bucket.fill_interval"},
  };
  for (const Wrong& wrong : table) {
    const auto r = read(wrong.text);
    ASSERT_EQ(r->found.all().size(), 1u)
        << wrong.text
        << (r->found.all().empty()
                ? ""
                : render(r->found.all()[0], r->sources) + render(r->found.all().back(), r->sources));
    const Diagnostic& finding = r->found.all()[0];
    EXPECT_EQ(finding.rule, wrong.rule) << wrong.text << finding.message;
    EXPECT_NE(finding.message.find(wrong.message), std::string::npos) << finding.message;
    EXPECT_EQ(finding.field, wrong.field) << wrong.text;
    EXPECT_TRUE(finding.where.begin.known()) << wrong.text;
    EXPECT_FALSE(finding.object.kind.empty()) << wrong.text;
  }
}

TEST(Manifests, ServicesAndPodsAreReadTolerantlyWithNamedPorts) {
  const auto r = read(kService + kPods +
                      "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\nreplicaCount: 1\n");
  EXPECT_TRUE(r->found.all().empty());
  ASSERT_EQ(r->model.services.size(), 1u);
  EXPECT_EQ(r->model.services[0].ns, "shop");
  EXPECT_EQ(r->model.services[0].ports[0].target_port, 8080);
  ASSERT_EQ(r->model.workloads.size(), 1u);
  EXPECT_EQ(r->model.workloads[0].readiness_path, "/r");
  EXPECT_EQ(r->model.workloads[0].readiness_port, 8080);
  EXPECT_EQ(r->model.workloads[0].service_account, "default");
  EXPECT_EQ(r->manifests.skipped, 1u);
}

TEST(Manifests, NamesNobodyDefinesAreFoundAcrossObjects) {
  const Wrong table[] = {
      {route("  - route: [{destination: {host: pest}}]\n"), "unknown-host",
       "no Service 'pest' in namespace 'shop'", "did you mean 'pets'?"},
      {route("  - route: [{destination: {host: pets.shop}}]\n"), "unknown-host",
       "takes 'pets.shop' as a complete host name", "write pets.shop.svc.cluster.local"},
      {route("  - route: [{destination: {host: pets, subset: v11}}]\n") + "---\n" +
           rule("  subsets: [{name: v1, labels: {version: v1}}]\n"),
       "unknown-subset", "the subset 'v11'", "did you mean 'v1'?"},
      {rule("  subsets: [{name: v2, labels: {version: v2}}]\n"), "empty-subset",
       "no pod of pets has the labels", ""},
      {rule("") + "---\n" + rule(""), "duplicate-object", "defined twice", ""},
  };
  for (const Wrong& wrong : table) {
    const auto r = read(wrong.text + kService + kPods);
    ASSERT_EQ(r->found.all().size(), 1u) << wrong.text;
    const Diagnostic& finding = r->found.all()[0];
    EXPECT_EQ(finding.rule, wrong.rule);
    EXPECT_NE(finding.message.find(wrong.message), std::string::npos) << finding.message;
    const std::string note = finding.notes.empty() ? "" : finding.notes[0].text;
    EXPECT_TRUE(*wrong.field == 0 || note == wrong.field) << note;
  }
  const auto port = read(
      "apiVersion: v1\nkind: Service\nmetadata: {name: p}\nspec: {selector: {app: pets}, ports: [{port: 1, "
      "targetPort: wbe}]}\n" +
      kPods);
  ASSERT_EQ(port->found.all().size(), 1u);
  EXPECT_EQ(port->found.all()[0].rule, "unknown-port");
}

TEST(Manifests, EveryFormOfTheLocalRateLimitIsUnderstood) {
  const std::string body =
      "stat_prefix: p, token_bucket: {max_tokens: 10, tokens_per_fill: 5, fill_interval: 0.5s}, "
      "filter_enabled: {default_value: {numerator: 50}}, filter_enforced: {default_value: {numerator: 2500, "
      "denominator: TEN_THOUSAND}}, "
      "status: {code: ServiceUnavailable}, response_headers_to_add: [{header: {key: k, value: v}}]";
  const std::string url =
      "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit";
  std::string camel = body;
  for (const auto& [from, to] : {std::pair{"stat_prefix", "statPrefix"},
                                 {"token_bucket", "tokenBucket"},
                                 {"max_tokens", "maxTokens"}}) {
    camel.replace(camel.find(from), std::string(from).size(), to);
  }
  std::vector<std::string> texts{
      filter("{\"@type\": " + url + ", " + body + "}"), filter("{\"@type\": " + url + ", " + camel + "}"),
      filter("{\"@type\": type.googleapis.com/udpa.type.v1.TypedStruct, type_url: " + url + ", value: {" +
             body + "}}"),
      filter("{\"@type\": type.googleapis.com/xds.type.v3.TypedStruct, type_url: " + url + ", value: {" +
             body + "}}"),
      "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: x}\nspec:\n"
      "  workloadSelector: {labels: {app: pets}}\n  configPatches:\n"
      "  - applyTo: HTTP_FILTER\n    patch: {operation: INSERT_BEFORE, value: {name: "
      "envoy.filters.http.local_ratelimit, typed_config: "
      "{\"@type\": " +
          url +
          ", stat_prefix: p}}}\n"
          "  - applyTo: HTTP_ROUTE\n    match: {context: SIDECAR_INBOUND}\n    patch: {operation: MERGE, "
          "value: {typed_per_filter_config: "
          "{envoy.filters.http.local_ratelimit: {\"@type\": " +
          url + ", " + body + "}}}}\n"};
  for (const auto& text : texts) {
    const auto r = read(text);
    EXPECT_TRUE(r->found.all().empty()) << text << render(r->found.all()[0], r->sources);
    ASSERT_EQ(r->model.rate_limits.size(), 1u) << text;
    const auto& limit = r->model.rate_limits[0];
    EXPECT_EQ(limit.selector, (mesh::Labels{{"app", "pets"}}));
    EXPECT_EQ(*limit.limit.bucket.max_tokens, 10u);
    EXPECT_TRUE(limit.limit.bucket.max_tokens.written());
    EXPECT_EQ(*limit.limit.bucket.fill_interval, 500ms);
    EXPECT_EQ(*limit.limit.enabled_ppm, 500'000u);
    EXPECT_EQ(*limit.limit.enforced_ppm, 250'000u);
    EXPECT_EQ(limit.limit.status, 503);
    EXPECT_EQ(limit.limit.response_headers, (std::vector<std::pair<std::string, std::string>>{{"k", "v"}}));
  }
}

TEST(Manifests, WhatCannotBeCarriedOutIsSaidAndFailsClosed) {
  const auto allow = read(authz("  rules: [{from: [{source: {requestPrincipals: [\"*\"]}}]}]\n"));
  ASSERT_EQ(allow->found.all().size(), 1u);
  EXPECT_EQ(allow->found.all()[0].rule, "not-enforced");
  ASSERT_EQ(allow->model.authorization.size(), 1u);
  EXPECT_TRUE(allow->model.authorization[0].policy.rules.empty());  // an ALLOW without rules denies all

  const auto redirect = read(route("  - redirect: {uri: /new}\n"));
  EXPECT_EQ(*redirect->model.route_tables.at(0).routes.at(0).direct->status, 500);
  const auto there = read(route("  - redirect: {uri: /new, authority: a.example, redirectCode: 302}\n"));
  EXPECT_EQ(there->model.route_tables.at(0).routes.at(0).direct->location, "http://a.example/new");
}

TEST(Manifests, DestinationRulesOfOneHostActAsOne) {
  const auto r =
      read(rule("  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}}\n  subsets: [{name: a}]\n") +
           "---\n" + kHead +
           "DestinationRule\nmetadata: {name: y}\nspec: {host: pets.shop.svc.cluster.local, "
           "trafficPolicy: {outlierDetection: {consecutive5xxErrors: 2}}, subsets: [{name: a, labels: {x: "
           "y}}, {name: b}]}\n");
  EXPECT_TRUE(r->found.all().empty());
  ASSERT_EQ(r->model.destinations.size(), 1u);
  EXPECT_EQ(*r->model.destinations[0].policy.outliers->consecutive_5xx, 1u);
  ASSERT_EQ(r->model.destinations[0].subsets.size(), 2u);
  EXPECT_TRUE(r->model.destinations[0].subsets[0].labels.empty());
}

TEST(Kustomize, ResourcesNamespaceAndPatchesKeepTheirPlaces) {
  manifest::MemoryTree tree;
  tree.files["a/base/kustomization.yaml"] = "resources: [all.yaml]\n";
  tree.files["a/base/all.yaml"] = kPods.substr(4);
  tree.files["a/over/kustomization.yaml"] =
      "namespace: far\nresources: [../base]\npatches:\n- path: p.yaml\n- target: {kind: Deployment}\n  "
      "patch: |\n"
      "    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: any, labels: {x: y}}\n    spec: "
      "{replicas: 3}\n";
  tree.files["a/over/p.yaml"] =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pets}\nspec:\n  template:\n    spec:\n      "
      "serviceAccountName: sa\n"
      "      containers: [{name: a, ports: [{name: web, containerPort: 9090}]}, {name: b}]\n";
  SourceMap sources;
  Diagnostics found;
  const std::vector<std::string> paths{"a/over"};
  const auto manifests = read_manifests(tree, paths, sources, found);
  const auto model = to_model(manifests, found);
  for (const auto& finding : found.all()) ADD_FAILURE() << render(finding, sources);
  ASSERT_EQ(model.workloads.size(), 1u);
  const auto& pets = model.workloads[0];
  EXPECT_EQ(pets.ns, "far");
  EXPECT_EQ(pets.name, "pets");
  EXPECT_EQ(pets.replicas, 3u);
  EXPECT_EQ(pets.service_account, "sa");
  EXPECT_EQ(pets.ports,
            (std::vector<std::uint16_t>{9090, 8080}));  // ports are merged, the patch's come first
  EXPECT_EQ(pets.readiness_path, "/r");                 // of the base container, merged by name
  EXPECT_EQ(sources.name(pets.origin.file), "a/base/all.yaml");
  EXPECT_EQ(manifests.files.size(), 4u);
}

TEST(Kustomize, WhatIsMissingCyclicOrUnsupportedIsSaid) {
  const Wrong table[] = {
      {"resources: [nowhere.yaml]\n", "unreadable-file", "nowhere.yaml", ""},
      {"resources: [../top]\n", "kustomize-cycle", "being built", ""},
      {"resources: [empty]\n", "kustomize-no-file", "no kustomization.yaml", ""},
      {"resources: [https://example.com/x.yaml]\n", "kustomize-unsupported", "remote", ""},
      {"resource: [a.yaml]\n", "unknown-field", "'resource'", "resource"},
      {"helmCharts: [{name: x}]\n", "kustomize-unsupported", "helmCharts", "helmCharts"},
      {"patches: [{path: empty/notes.txt}]\n", "missing-field", "needs 'kind'", ""},
  };
  for (const Wrong& wrong : table) {
    manifest::MemoryTree tree;
    tree.files["top/kustomization.yaml"] = wrong.text;
    tree.files["top/empty/notes.txt"] = "apiVersion: v1\n";
    SourceMap sources;
    Diagnostics found;
    const std::vector<std::string> paths{"top"};
    read_manifests(tree, paths, sources, found);
    ASSERT_EQ(found.all().size(), 1u) << wrong.text;
    EXPECT_EQ(found.all()[0].rule, wrong.rule) << wrong.text;
    EXPECT_NE(found.all()[0].message.find(wrong.message), std::string::npos) << found.all()[0].message;
  }
}

TEST(Manifests, DirectoriesWithoutKustomizationAreReadFileByFile) {
  manifest::MemoryTree tree;
  tree.files["d/b.yaml"] = kService;
  tree.files["d/a.json"] =
      "{\"apiVersion\": \"v1\", \"kind\": \"Namespace\", \"metadata\": {\"name\": \"n\"}}";
  tree.files["d/broken.yml"] = "a: [\n";
  tree.files["d/notes.txt"] = "x";
  SourceMap sources;
  Diagnostics found;
  const std::vector<std::string> paths{"d"};
  const auto manifests = read_manifests(tree, paths, sources, found);
  EXPECT_EQ(manifests.resources.size(), 2u);
  EXPECT_EQ(*manifests.resources[1].ns, "default");
  EXPECT_FALSE(manifests.complete);
  ASSERT_EQ(found.all().size(), 1u);
  EXPECT_EQ(found.all()[0].rule, "yaml-syntax");
  const std::vector<std::string> nowhere{"nowhere"};
  EXPECT_FALSE(read_manifests(tree, nowhere, sources, found).complete);
}

}  // namespace
}  // namespace marty::dialect
