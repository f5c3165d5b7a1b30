#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

/// Labels that scraping or telemetry of these files adds to the meshes' own.
std::set<std::string, std::less<>> added(const Estate& estate) {
  std::set<std::string, std::less<>> out;
  const auto collect = [&](const Resource& resource, std::string_view pattern) {
    each(resource.root, pattern, [&](const Place& at) { out.insert(at.node.text); });
  };
  for (const auto* kind : {"PodMonitor", "ServiceMonitor"})
    for (const auto* resource : estate.of(kind))
      for (const auto* pattern :
           {"spec.podTargetLabels[]", "spec.targetLabels[]",
            "spec.podMetricsEndpoints[].relabelings[].targetLabel",
            "spec.podMetricsEndpoints[].metricRelabelings[].targetLabel",
            "spec.endpoints[].relabelings[].targetLabel", "spec.endpoints[].metricRelabelings[].targetLabel"})
        collect(*resource, pattern);
  each(estate.of("Telemetry"), "spec.metrics[].overrides[].tagOverrides",
       [&](const Resource*, const Place& at) {
         for (std::size_t i = 0; at.node.is_mapping() && i < at.node.size(); ++i)
           out.insert(at.node.entry(i).key.text);
       });
  return out;
}

bool some_metric_has(std::string_view label) {
  return std::ranges::any_of(telemetry::metric_table(),
                             [&](const auto& row) { return row.has_label(label); });
}

/// The label that says it on this metric: the other mesh's word, or the nearest spelling.
std::optional<std::string> meant(const telemetry::Metric& row, std::string_view label) {
  static constexpr std::pair<std::string_view, std::string_view> kSame[] = {
      {"status_code", "response_code"}, {"response_code", "http_status"}, {"response_code", "status_code"},
      {"http_status", "response_code"}, {"direction", "reporter"},        {"reporter", "direction"}};
  for (const auto& [there, here] : kSame)
    if (there == label && row.has_label(here)) return std::string(here);
  return closest(label, {row.labels.begin(), row.labels.end()});
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  const auto extra = added(estate);
  for (const auto& query : queries.all()) {
    for (const auto& use : metric_uses(query.parsed.root)) {
      const auto& name = use.selector->name;
      const auto known = mesh_metric(name);
      if (known.name.row == nullptr || queries.recorded(name)) continue;
      for (const auto& matcher : use.selector->matchers) {
        const auto& label = matcher.label;
        if (label.empty() || label.find_first_of("$[") != label.npos || extra.contains(label)) continue;
        if (telemetry::may_carry(name, known.mesh, label)) continue;
        const auto better = meant(*known.name.row, label);
        if (!better && !some_metric_has(label)) continue;  // whoever scrapes may add any label
        auto& finding = queries.report(report, query, matcher.at, label.size(),
                                       fmt::format("'{}' has no label '{}'", name, label));
        if (better) finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *better)});
      }
    }
  }
}

}  // namespace

extern const Rule unknown_metric_label{
    .id = "unknown-metric-label",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a query by a label that the metric does not have",
    .why =
        "A matcher on a label that a metric does not carry compares with the empty text: an equality selects "
        "nothing, a negation everything. The meshes name the same thing differently: Istio's response_code "
        "is status_code or http_status at Linkerd, its reporter is direction. Labels that monitors or a "
        "Telemetry in the files add are known.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: HighErrorRate
      expr: |
        sum(rate(istio_requests_total{
          reporter="source",
          status_code=~"5.."}[5m])) > 10 # <<
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: HighErrorRate
      expr: |
        sum(rate(istio_requests_total{
          reporter="source",
          response_code=~"5.."}[5m])) > 10
)",
    .check = check,
};

}  // namespace marty::rules::catalog
