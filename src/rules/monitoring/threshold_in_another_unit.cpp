#include <fmt/format.h>

#include <algorithm>

#include "promql/checks.hpp"
#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

/// The number that a quantile of the metric is compared with; nullptr when it is used in any other way.
const Expr* limit_of(const MetricUse& use) {
  bool quantile = false;
  const Expr* below = use.selector;
  for (auto outer = use.around.rbegin(); outer != use.around.rend(); ++outer) {
    const auto& expr = **outer;
    quantile |= expr.is(Expr::Kind::kCall) && expr.name == "histogram_quantile";
    if (expr.is(Expr::Kind::kBinary)) {
      const auto& other = &expr.children[0] == below ? expr.children[1] : expr.children[0];
      const bool fits = quantile && promql::is_comparison(expr.name) && other.is(Expr::Kind::kNumber);
      return fits ? &other : nullptr;
    }
    below = &expr;
  }
  return nullptr;
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& query : queries.all()) {
    for (const auto& use : metric_uses(query.parsed.root)) {
      const auto* row = mesh_metric(use.selector->name).name.row;
      const auto* limit = row == nullptr ? nullptr : limit_of(use);
      if (limit == nullptr || !(limit->number > 0)) continue;
      const auto unit = row->unit();
      const bool wrong =
          (unit == "milliseconds" && limit->number <= 1) || (unit == "seconds" && limit->number >= 100);
      if (!wrong) continue;
      const auto other = unit == "seconds" ? limit->number / 1000 : limit->number * 1000;
      queries.report(report, query, limit->at, limit->end - limit->at,
                     fmt::format("'{}' is in {}: is {} meant?", use.selector->name, unit, other));
    }
  }
}

}  // namespace

extern const Rule threshold_in_another_unit{
    .id = "threshold-in-another-unit",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a latency in milliseconds compared with seconds, or the reverse",
    .why =
        "Istio and Linkerd's response_latency_ms measure in milliseconds, Linkerd's route metrics in "
        "seconds. A limit of 0.5 meant as seconds is half a millisecond on the former, so the alert fires "
        "for good; a limit of 500 on the latter never does.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: Slow
      expr: |
        histogram_quantile(0.99, sum by (le) (rate(
          istio_request_duration_milliseconds_bucket{reporter="source"}[5m])))
          > 0.5 # <<
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: Slow
      expr: |
        histogram_quantile(0.99, sum by (le) (rate(
          istio_request_duration_milliseconds_bucket{reporter="source"}[5m])))
          > 500
)",
    .check = check,
};

}  // namespace marty::rules::catalog
