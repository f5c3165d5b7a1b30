#include <fmt/format.h>

#include <algorithm>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using telemetry::MetricMesh;

/// Exported by parts of Istio that the table of the sidecars' metrics does not hold.
constexpr std::string_view kOfOthers[] = {"istio_agent_", "istio_cni_",       "istio_dns_",
                                          "istio_xds_",   "istio_on_demand_", "istio_ztunnel_"};

/// Every name under which series of the mesh are stored.
std::vector<std::string> stored(MetricMesh mesh) {
  std::vector<std::string> out;
  for (const auto& row : telemetry::metric_table()) {
    if (row.mesh != mesh) continue;
    const auto name = telemetry::metric_name(row.id);
    if (row.type != telemetry::MetricType::kHistogram)
      out.push_back(name);
    else
      for (const auto* part : {"_bucket", "_sum", "_count"}) out.push_back(name + part);
  }
  return out;
}

/// Whether all the two differ in are two letters side by side, or a word too many.
bool one_slip(std::string_view name, std::string_view real) {
  const auto shorter = std::min(name.size(), real.size());
  std::size_t head = 0, tail = 0;
  while (head < shorter && name[head] == real[head]) ++head;
  while (tail < shorter - head && name[name.size() - 1 - tail] == real[real.size() - 1 - tail]) ++tail;
  const auto extra = name.size() - head - tail, missing = real.size() - head - tail;
  if (extra <= 2 && missing <= 2) return true;
  const auto word = name.substr(head, extra);
  return missing == 0 && (word.starts_with('_') || word.ends_with('_')) && name.starts_with("envoy_");
}

bool is_histogram(std::string_view name, MetricMesh mesh) {
  return telemetry::find_metric(std::string(name) + "_bucket", mesh).row != nullptr;
}

/// What was meant; nothing when the name may well be somebody else's.
std::optional<std::string> meant(std::string_view name, MetricMesh mesh) {
  if (is_histogram(name, mesh)) return std::string(name) + "_bucket";
  for (const auto other : kOfOthers)
    if (name.starts_with(other)) return {};
  const auto all = stored(mesh);
  for (const auto& real : all)
    if (one_slip(name, real)) return real;
  // Envoy has far more statistics than the table, and any application may export "request_count".
  if (!name.starts_with("istio_")) return {};
  return closest(name, std::vector<std::string_view>(all.begin(), all.end()));
}

bool looks_like_linkerd(std::string_view name) {
  for (const std::string_view prefix : {"request_", "response_", "outbound_", "inbound_", "tcp_", "route_"})
    if (name.starts_with(prefix)) return true;
  return false;
}

bool uses_linkerd(const Estate& estate) {
  return std::ranges::any_of(estate.pods(),
                             [&](const Pods& p) { return estate.linkerd_injected(p.ns(), &p); }) ||
         std::ranges::any_of(estate.all(), [](const auto& r) { return r.group().ends_with("linkerd.io"); });
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  if (queries.all().empty()) return;
  const bool linkerd = uses_linkerd(estate);
  for (const auto& query : queries.all()) {
    for (const auto& use : metric_uses(query.parsed.root)) {
      const auto& name = use.selector->name;
      const auto known = mesh_metric(name);
      const bool ours = known.mesh == MetricMesh::kIstio || (linkerd && looks_like_linkerd(name));
      if (known.name.row != nullptr || !ours || queries.recorded(name)) continue;
      const auto real = meant(name, known.mesh);
      if (!real) continue;
      const bool bare = is_histogram(name, known.mesh);
      queries
          .report(report, query, use.selector->name_at, name.size(),
                  bare ? fmt::format("'{}' is a histogram: it is stored as {}_bucket, _sum and _count only",
                                     name, name)
                       : fmt::format("no sidecar exports '{}'", name))
          .notes = {{{}, fmt::format("did you mean '{}'?", *real)}};
    }
  }
}

}  // namespace

extern const Rule unknown_metric{
    .id = "unknown-metric",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a query for a metric that the mesh does not export",
    .why =
        "A query for a metric that nobody exports is no error: it returns nothing, the alert never fires and "
        "the panel stays empty. Names are compared with what Istio's and Linkerd's proxies export. What a "
        "rule of the same files records is known, and names that are like no metric of a mesh are left "
        "alone.",
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
        sum(rate(istio_request_total{reporter="source"}[5m])) > 10 # <<
          or sum(rate(envoy_cluster_retry_upstream_rq_retry[5m])) > 5 # <<
    - alert: Idle
      expr: sum(rate(istio_request_duration_milliseconds{reporter="source"}[5m])) == 0 # <<
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
        sum(rate(istio_requests_total{reporter="source"}[5m])) > 10
          or sum(rate(envoy_cluster_upstream_rq_retry[5m])) > 5
    - alert: Idle
      expr: sum(rate(istio_request_duration_milliseconds_count{reporter="source"}[5m])) == 0
)",
    .check = check,
};

}  // namespace marty::rules::catalog
