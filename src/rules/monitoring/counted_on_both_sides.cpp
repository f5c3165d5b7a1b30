#include <fmt/format.h>

#include <algorithm>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

/// Whether series of both sides end up in one value; a grouping by the side keeps them apart.
bool adds_up(const MetricUse& use, std::string_view side) {
  bool sums = false;
  for (const auto* outer : use.around) {
    if (!outer->is(Expr::Kind::kAggregation) || (outer->name != "sum" && outer->name != "count")) continue;
    const bool named = std::ranges::count(outer->labels, side, &promql::Label::name) > 0;
    sums |=
        named == (outer->grouping == Expr::Grouping::kWithout) || outer->grouping == Expr::Grouping::kNone;
  }
  return sums;
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& query : queries.all()) {
    for (const auto& use : metric_uses(query.parsed.root)) {
      const auto& name = use.selector->name;
      const auto known = mesh_metric(name);
      if (known.name.row == nullptr || queries.recorded(name)) continue;
      const bool istio = known.mesh == telemetry::MetricMesh::kIstio;
      const std::string_view side = istio ? "reporter" : "direction";
      if (!known.name.row->has_label(side) || !adds_up(use, side)) continue;
      const bool pinned = std::ranges::any_of(use.selector->matchers, [&](const auto& matcher) {
        return matcher.label == side || matcher.label.empty();  // a variable may pin it
      });
      if (pinned) continue;
      queries
          .report(report, query, use.selector->name_at, name.size(),
                  fmt::format("both sides of a call report '{}'; this sum counts it twice", name))
          .notes = {{{},
                     istio ? "pin one side: reporter=\"destination\" or reporter=\"source\""
                           : "pin one side: direction=\"inbound\" or direction=\"outbound\""}};
    }
  }
}

}  // namespace

extern const Rule counted_on_both_sides{
    .id = "counted-on-both-sides",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a sum over what both sidecars of a call report",
    .why =
        "A call between two pods of the mesh is reported twice: by the caller's sidecar and by the server's. "
        "A sum that pins neither side counts it twice, but calls from outside of the mesh once, so even a "
        "ratio is wrong. Istio's label is reporter (source, destination), Linkerd's direction (outbound, "
        "inbound): the server's side says how the service does, the caller's what its callers get.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: Busy
      expr: |
        sum(rate(istio_requests_total{destination_app="pets"}[5m])) > 100 # <<
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: Busy
      expr: |
        sum(rate(istio_requests_total{reporter="destination", destination_app="pets"}[5m])) > 100
)",
    .check = check,
};

}  // namespace marty::rules::catalog
