#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "promql/checks.hpp"
#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

/// What the values of an expression are between, and why.
struct Range {
  double least = 0, most = 0;
  std::string_view because;
};

const Expr& bare(const Expr& expr) { return expr.is(Expr::Kind::kParens) ? bare(expr.children[0]) : expr; }

bool same_names(const std::vector<promql::Label>& a, const std::vector<promql::Label>& b) {
  return std::ranges::is_permutation(a, b, {}, &promql::Label::name, &promql::Label::name);
}

/// Whether every series of `part` is one of `whole`, with the same done to both: then the quotient is a
/// share.
bool is_part_of(const Expr& some, const Expr& all) {
  const Expr &part = bare(some), &whole = bare(all);
  if (part.kind != whole.kind || part.name != whole.name || part.offset || whole.offset || part.timestamp ||
      whole.timestamp || part.seconds != whole.seconds)
    return false;
  switch (part.kind) {
    case Expr::Kind::kSelector:
      return std::ranges::all_of(whole.matchers, [&](const auto& wanted) {
        return std::ranges::any_of(part.matchers, [&](const auto& own) {
          return own.label == wanted.label && own.op == wanted.op && own.value == wanted.value;
        });
      });
    case Expr::Kind::kRange:
      return is_part_of(part.children[0], whole.children[0]);
    case Expr::Kind::kCall:
      return (part.name == "rate" || part.name == "increase" || part.name == "irate") &&
             is_part_of(part.children[0], whole.children[0]);
    case Expr::Kind::kAggregation:
      return part.name == "sum" && part.grouping == whole.grouping && same_names(part.labels, whole.labels) &&
             is_part_of(part.children.back(), whole.children.back());
    default:
      return false;
  }
}

/// A quantile is at most the highest bound that a bucket of the metric has.
std::optional<Range> quantile(const Expr& call) {
  for (const auto& use : metric_uses(call)) {
    const auto* row = mesh_metric(use.selector->name).name.row;
    if (row == nullptr || row->bounds.empty()) return {};
    return Range{0, row->bounds.back(), "the highest bucket of this histogram"};
  }
  return {};
}

std::optional<Range> range_of(const Expr& whole);

std::optional<Range> combined(const Expr& expr) {
  const Expr &left = expr.children[0], &right = expr.children[1];
  if (expr.name == "/" && is_part_of(left, right)) return Range{0, 1, "a part of a whole"};
  const auto a = range_of(left), b = range_of(right);
  if (!a || !b) return {};
  const auto because = a->because.empty() ? b->because : a->because;
  if (expr.name == "-") return Range{a->least - b->most, a->most - b->least, because};
  if (expr.name == "*" && a->least >= 0 && b->least >= 0)
    return Range{a->least * b->least, a->most * b->most, because};
  return {};
}

std::optional<Range> range_of(const Expr& whole) {
  const auto& expr = bare(whole);
  if (expr.is(Expr::Kind::kNumber)) return Range{expr.number, expr.number, ""};
  if (expr.is(Expr::Kind::kBinary)) return combined(expr);
  if (expr.is(Expr::Kind::kCall) && expr.name == "histogram_quantile") return quantile(expr);
  return {};
}

/// What comes of comparing values of a range with a number; empty when it depends.
std::string_view outcome(std::string_view op, const Range& range, double limit) {
  constexpr std::string_view kNever = "never", kAlways = "always";
  if (op == ">") return limit >= range.most ? kNever : limit < range.least ? kAlways : "";
  // A value compared with the least it can be only leaves NaN out.
  if (op == ">=") return limit > range.most ? kNever : limit < range.least ? kAlways : "";
  if (op == "<") return limit <= range.least ? kNever : limit > range.most ? kAlways : "";
  if (op == "<=") return limit < range.least ? kNever : limit >= range.most ? kAlways : "";
  return "";
}

void look(const Queries& queries, const Query& query, const Expr& expr, Report& report) {
  for (const auto& child : expr.children) look(queries, query, child, report);
  if (!expr.is(Expr::Kind::kBinary) || !promql::is_comparison(expr.name)) return;
  const auto& limit = bare(expr.children[1]);
  if (!limit.is(Expr::Kind::kNumber)) return;
  const auto range = range_of(expr.children[0]);
  if (!range || range->because.empty()) return;
  const auto what = outcome(expr.name, *range, limit.number);
  if (what.empty()) return;
  auto& finding = queries.report(report, query, limit.at, limit.end - limit.at,
                                 fmt::format("this is {} true: the value lies between {:g} and {:g} ({})",
                                             what, range->least, range->most, range->because));
  if (range->most == 1 && limit.number > 1 && limit.number <= 100)
    finding.notes.push_back({{}, fmt::format("{} % is {:g}", limit.number, limit.number / 100)});
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& query : queries.all())
    if (query.rule != nullptr && query.parsed) look(queries, query, query.parsed.root, report);
}

}  // namespace

extern const Rule limit_out_of_range{
    .id = "limit-out-of-range",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a limit that the value it is compared with can never cross",
    .why =
        "The share of failed requests is at most 1: an alert on more than 5, meant as per cent, never "
        "fires, and one on less than 99 fires for good. A quantile, too, has an end: it is read from "
        "buckets and never exceeds the highest bound, 10 s for Linkerd's routes. Compare with a share, or "
        "multiply by 100; and keep limits on latency below the last bucket.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: HighErrorRate
      for: 5m
      expr: |
        sum(rate(istio_requests_total{reporter="source", response_code=~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="source"}[5m]))
          > 5 # <<
    - alert: Slow
      for: 5m
      expr: |
        histogram_quantile(0.99, sum by (le) (rate(
          outbound_http_route_request_duration_seconds_bucket[5m])))
          > 15 # <<
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
      for: 5m
      expr: |
        sum(rate(istio_requests_total{reporter="source", response_code=~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="source"}[5m]))
          > 0.05
    - alert: Slow
      for: 5m
      expr: |
        histogram_quantile(0.99, sum by (le) (rate(
          outbound_http_route_request_duration_seconds_bucket[5m])))
          > 5
)",
    .check = check,
};

}  // namespace marty::rules::catalog
