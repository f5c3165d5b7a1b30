#include <fmt/format.h>

#include <algorithm>

#include "promql/checks.hpp"
#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;
using telemetry::MetricType;

bool is_rate(std::string_view function) {
  return function == "rate" || function == "irate" || function == "increase";
}

/// Whether only sums and parentheses stand between the counter and a comparison with a number.
bool compared_as_it_is(const MetricUse& use) {
  const Expr* below = use.selector;
  for (auto outer = use.around.rbegin(); outer != use.around.rend(); ++outer) {
    const auto& expr = **outer;
    if (expr.is(Expr::Kind::kBinary)) {
      const auto& other = &expr.children[0] == below ? expr.children[1] : expr.children[0];
      // "> 0" and "== 0" ask whether there ever was one, which is a fair question.
      return promql::is_comparison(expr.name) && other.is(Expr::Kind::kNumber) && other.number > 0;
    }
    if (!expr.is(Expr::Kind::kParens) &&
        !(expr.is(Expr::Kind::kAggregation) && !expr.name.starts_with("count")))
      return false;
    below = &expr;
  }
  return false;
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& query : queries.all()) {
    for (const auto& use : metric_uses(query.parsed.root)) {
      const auto& name = use.selector->name;
      const auto* row = mesh_metric(name).name.row;
      if (row == nullptr || queries.recorded(name)) continue;
      const bool gauge = row->type == MetricType::kGauge;
      if (gauge && use.function != nullptr && is_rate(use.function->name))
        queries
            .report(report, query, use.function->at, use.function->name.size(),
                    fmt::format("'{}' is a gauge: {}() of it means nothing", name, use.function->name))
            .notes = {{{}, "use max_over_time(), or delta() for its change"}};
      if (!gauge && compared_as_it_is(use))
        queries
            .report(report, query, use.selector->name_at, name.size(),
                    fmt::format("'{}' only ever grows: once above the limit it stays there", name))
            .notes = {{{}, fmt::format("compare rate({}[5m])", name)}};
    }
  }
}

}  // namespace

extern const Rule rate_of_a_gauge{
    .id = "rate-of-a-gauge",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a rate of a gauge, or a counter compared without one",
    .why =
        "rate() and increase() take every fall of a value for a restart of a counter: of a gauge, which "
        "falls as it rises, they make noise. A counter in turn only ever grows, from the start of its proxy: "
        "compared with a limit as it is, it passes the limit some day and stays above. Use max_over_time() "
        "for gauges and rate() for counters.",
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
        sum(rate(envoy_cluster_upstream_rq_active[5m])) > 10 # <<
    - alert: Errors
      expr: |
        sum(istio_requests_total{reporter="source", response_code="500"}) > 100 # <<
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
        sum(max_over_time(envoy_cluster_upstream_rq_active[5m])) > 10
    - alert: Errors
      expr: |
        sum(rate(istio_requests_total{reporter="source", response_code="500"}[5m])) > 1
)",
    .check = check,
};

}  // namespace marty::rules::catalog
