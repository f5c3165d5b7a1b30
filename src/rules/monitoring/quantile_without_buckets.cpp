#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

/// The aggregation below that loses le; nullptr when none does.
const Expr* drops_le(const Expr& expr) {
  if (expr.is(Expr::Kind::kParens)) return drops_le(expr.children[0]);
  if (!expr.is(Expr::Kind::kAggregation)) return nullptr;
  if (expr.name.find_first_of("$[") != expr.name.npos || expr.name == "topk" || expr.name == "bottomk")
    return nullptr;
  bool said = false;
  for (const auto& label : expr.labels) {
    if (label.name.find_first_of("$[") != label.name.npos) return nullptr;
    said |= label.name == "le";
  }
  if (said == (expr.grouping == Expr::Grouping::kWithout)) return &expr;
  return expr.grouping == Expr::Grouping::kNone ? &expr : drops_le(expr.children.back());
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  const auto look = [&](const Query& query, const Expr& call) {
    const auto& buckets = call.children[1];
    const auto uses = metric_uses(buckets);
    // A native histogram is one series and needs no le; the meshes' are classic ones.
    const bool classic =
        std::ranges::any_of(uses, [](const auto& use) { return use.selector->name.ends_with("_bucket"); });
    if (const auto* lossy = drops_le(buckets); lossy != nullptr && classic)
      queries
          .report(
              report, query, lossy->at, lossy->name.size(),
              fmt::format("this {} drops the label le, so histogram_quantile finds no buckets", lossy->name))
          .notes = {{{}, "add le: sum by (le, …) (rate(…_bucket[…]))"}};
    for (const auto& use : uses) {
      const auto& name = use.selector->name;
      const auto row = mesh_metric(name).name;
      if (row.row != nullptr && row.part != "bucket")
        queries.report(report, query, use.selector->name_at, name.size(),
                       fmt::format("histogram_quantile needs buckets, '{}' has none", name));
    }
  };
  for (const auto& query : queries.all()) {
    std::set<const Expr*> seen;
    for (const auto& use : metric_uses(query.parsed.root))
      for (const auto* outer : use.around)
        if (outer->name == "histogram_quantile" && outer->is(Expr::Kind::kCall) && seen.insert(outer).second)
          look(query, *outer);
  }
}

}  // namespace

extern const Rule quantile_without_buckets{
    .id = "quantile-without-buckets",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "histogram_quantile over something that is no set of buckets",
    .why =
        "histogram_quantile reads the upper bounds of the buckets from the label le. An aggregation that "
        "drops le, or a metric that has no buckets, leaves it nothing to read: the result is empty, without "
        "an error. Sum by (le) and by what the quantile is to be split by.",
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
        histogram_quantile(0.99,
          sum by (destination_app) (rate( # <<
            istio_request_duration_milliseconds_bucket{reporter="source"}[5m]))) > 500
    - alert: Slower
      expr: |
        histogram_quantile(0.99, sum by (le) (rate(
          istio_request_duration_milliseconds_sum{reporter="source"}[5m]))) > 500 # <<
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
        histogram_quantile(0.99,
          sum by (le, destination_app) (rate(
            istio_request_duration_milliseconds_bucket{reporter="source"}[5m]))) > 500
)",
    .check = check,
};

}  // namespace marty::rules::catalog
