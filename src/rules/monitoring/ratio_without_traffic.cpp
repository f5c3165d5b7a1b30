#include <fmt/format.h>

#include <algorithm>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

const Expr& bare(const Expr& expr) { return expr.is(Expr::Kind::kParens) ? bare(expr.children[0]) : expr; }

void look(const Queries& queries, const Query& query, const Expr& expr, Report& report) {
  if (expr.is(Expr::Kind::kBinary) && expr.name == "/") {
    const auto& divisor = bare(expr.children[1]);
    const bool guarded = divisor.is(Expr::Kind::kBinary);
    const auto uses = metric_uses(divisor);
    const bool traffic = std::ranges::any_of(uses, [](const auto& use) {
      return mesh_metric(use.selector->name).name.row != nullptr && use.function != nullptr;
    });
    if (!guarded && traffic)
      queries.report(report, query, expr.name_at, 1, "0/0 while there is no traffic: NaN fires no alert")
          .notes = {{{}, "divide by (… > 0), and alert on absent traffic separately"}};
  }
  for (const auto& child : expr.children) look(queries, query, child, report);
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& query : queries.all())
    if (query.rule != nullptr) look(queries, query, query.parsed.root, report);
}

}  // namespace

extern const Rule ratio_without_traffic{
    .id = "ratio-without-traffic",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a ratio that is NaN while nobody calls",
    .why =
        "Without traffic both rates are 0, and 0/0 is NaN, which is neither above nor below any limit: the "
        "alert is silent, the recorded value a hole in the graph. Where a total outage also stops the "
        "traffic, that is the moment it was made for. Divide by (… > 0) to say so, and watch for missing "
        "traffic with an alert of its own.",
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
        sum(rate(istio_requests_total{reporter="source", response_code=~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="source"}[5m])) > 0.05 # <<
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
        sum(rate(istio_requests_total{reporter="source", response_code=~"5.."}[5m]))
          / (sum(rate(istio_requests_total{reporter="source"}[5m])) > 0) > 0.05
)",
    .check = check,
};

}  // namespace marty::rules::catalog
