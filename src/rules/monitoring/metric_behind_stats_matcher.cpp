#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

/// Everything in the files that asks sidecars for statistics, as written.
std::string asked(const Estate& estate) {
  std::string out;
  for (const auto& pods : estate.pods())
    for (const auto* key :
         {"proxy.istio.io/config", "sidecar.istio.io/statsInclusionPrefixes",
          "sidecar.istio.io/statsInclusionRegexps", "sidecar.istio.io/statsInclusionSuffixes"})
      out.append(pods.annotation(key)).append("\n");
  const auto all_of = [&out](const Node& root) {
    each_scalar(root, [&out](const Place& at) { out.append(at.node.text).append("\n"); });
  };
  for (const auto& config : estate.settings().mesh_configs) all_of(config);
  for (const auto* resource : estate.of("ProxyConfig")) all_of(resource->root);
  return out;
}

/// Whether the pods here are all there is to ask: some have Istio's sidecar.
bool has_sidecars(const Estate& estate) {
  return std::ranges::any_of(estate.pods(),
                             [&](const Pods& pods) { return estate.istio_injected(pods.ns(), &pods); });
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  if (queries.all().empty() || !has_sidecars(estate)) return;
  const auto wanted = asked(estate);
  // Whoever asks for whole scopes by a prefix gets what is in them.
  if (wanted.find("cluster.") != wanted.npos) return;
  std::set<std::string, std::less<>> said;
  for (const auto& query : queries.all()) {
    for (const auto& use : metric_uses(query.parsed.root)) {
      const auto& name = use.selector->name;
      const auto* row = mesh_metric(name).name.row;
      if (row == nullptr || queries.recorded(name)) continue;
      const auto inclusion = row->stats_inclusion();
      if (inclusion.empty()) continue;
      const auto word = inclusion.substr(2, inclusion.size() - 4);  // without the .* around it
      if (wanted.find(word) != wanted.npos || !said.insert(name).second) continue;
      queries
          .report(report, query, use.selector->name_at, name.size(),
                  fmt::format("no sidecar here makes '{}': it is not among Istio's default statistics", name))
          .notes = {
          {{},
           fmt::format("add '{}' to proxyStatsMatcher.inclusionRegexps in proxy.istio.io/config of the "
                       "callers' pods",
                       inclusion)}};
    }
  }
}

}  // namespace

extern const Rule metric_behind_stats_matcher{
    .id = "metric-behind-stats-matcher",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a statistic that no sidecar here is asked to make",
    .why =
        "Istio's sidecars make only a small part of Envoy's statistics: circuit breakers, ejections, retries "
        "and faults are not among them, so a query for them is empty. proxyStatsMatcher in the annotation "
        "proxy.istio.io/config adds them. Most are counted where a call begins, so the annotation belongs on "
        "the callers' pods, or into the mesh's default configuration.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: BreakerOpen
      expr: max(envoy_cluster_circuit_breakers_default_cx_open) > 0 # <<
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets, sidecar.istio.io/inject: "true"}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: BreakerOpen
      expr: max(envoy_cluster_circuit_breakers_default_cx_open) > 0
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets, sidecar.istio.io/inject: "true"}
      annotations:
        proxy.istio.io/config: |
          proxyStatsMatcher:
            inclusionRegexps: [".*circuit_breakers.*"]
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
