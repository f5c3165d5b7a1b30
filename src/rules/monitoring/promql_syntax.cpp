#include <fmt/format.h>

#include <algorithm>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& query : queries.all())
    if (const auto& problem = query.parsed.problem)
      queries.report(report, query, problem->at, 1, "no PromQL: " + problem->message);
}

}  // namespace

extern const Rule promql_syntax{
    .id = "promql-syntax",
    .severity = Severity::kError,
    .peers = "",
    .title = "a query that Prometheus refuses",
    .why =
        "Prometheus' operator refuses a whole PrometheusRule for one expression that does not parse, and a "
        "panel with one stays empty. The expression is read as Prometheus 2 and 3 read it; in dashboards "
        "Grafana's variables are taken for something that fits.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsDown
      expr: |
        sum(rate(istio_requests_total{reporter="source"})) == 0 # <<
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsDown
      expr: |
        sum(rate(istio_requests_total{reporter="source"}[5m])) == 0
)",
    .check = check,
};

}  // namespace marty::rules::catalog
