#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

bool says_outcome(std::string_view label) {
  return label == "response_code" || label == "status_code" || label == "http_status" ||
         label == "classification";
}

const Expr& bare(const Expr& expr) { return expr.is(Expr::Kind::kParens) ? bare(expr.children[0]) : expr; }

/// An expression with its outcomes left out, so that errors and successes of one thing look alike.
std::string print(const Expr& whole) {
  const auto& expr = bare(whole);
  std::string out = expr.name + fmt::format("|{}|{}|{}", static_cast<int>(expr.kind), expr.number,
                                            expr.seconds.value_or(0));
  std::vector<std::string> parts;
  for (const auto& matcher : expr.matchers)
    if (!says_outcome(matcher.label)) parts.push_back(matcher.label + matcher.op + matcher.value);
  for (const auto& label : expr.labels) parts.push_back(label.name);
  std::ranges::sort(parts);
  for (const auto& part : parts) out += "," + part;
  for (const auto& child : expr.children) out += "(" + print(child) + ")";
  return out;
}

/// Whether some selector below demands an outcome; which one decides what is counted.
std::string outcome(const Expr& expr) {
  std::string out;
  for (const auto& use : metric_uses(expr))
    for (const auto& matcher : use.selector->matchers)
      if (says_outcome(matcher.label)) out += matcher.label + matcher.op + matcher.value + ";";
  return out;
}

/// `part / whole > limit` with the limit as a share.
struct Ratio {
  std::string calls, outcome;
  bool above = false;
  double limit = 0;
};

std::optional<Ratio> ratio(const promql::Parsed& parsed) {
  if (!parsed) return {};
  const auto& compared = bare(parsed.root);
  if (!compared.is(Expr::Kind::kBinary) || !compared.children[1].is(Expr::Kind::kNumber)) return {};
  const bool above = compared.name.starts_with('>');
  if (!above && !compared.name.starts_with('<')) return {};
  const auto& share = bare(compared.children[0]);
  if (!share.is(Expr::Kind::kBinary) || share.name != "/") return {};
  return Ratio{print(share.children[0]) + "/" + print(share.children[1]), outcome(share.children[0]), above,
               compared.children[1].number};
}

void check(const Estate& estate, Report& report) {
  std::multimap<std::string, std::pair<const Query*, Ratio>> seen;
  const auto& queries = estate.queries();
  for (const auto& query : queries.all()) {
    if (query.rule == nullptr || query.rule->find("alert") == nullptr) continue;
    const auto mine = ratio(query.parsed);
    if (!mine) continue;
    // Limits that add up to 1 meet under the smaller of the two.
    const auto key = fmt::format("{}@{:.9f}", mine->calls, mine->above ? mine->limit : 1 - mine->limit);
    const auto [first, last] = seen.equal_range(key);
    const auto other = std::find_if(first, last, [&](const auto& entry) {
      return entry.second.second.above != mine->above && entry.second.second.outcome != mine->outcome;
    });
    if (other == last) {
      seen.emplace(key, std::pair{&query, *mine});
      continue;
    }
    const Node& name = *query.rule->find("alert");
    const Node& there = *other->second.first->rule->find("alert");
    report
        .at(*query.resource, name, query.path,
            fmt::format("fires together with '{}': {} + {} = 1 of the same calls", there.text,
                        other->second.second.limit, mine->limit))
        .notes = {see(there, "its complement")};
  }
}

}  // namespace

extern const Rule complementary_alerts{
    .id = "complementary-alerts",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "two alerts that say the same",
    .why =
        "An alert on more than 5% errors and one on less than 95% successes of the same calls are one "
        "condition: both fire at the same moment, and whoever is on call is woken twice for one cause. Keep "
        "one, or let the second watch something else: the callers' side instead of the server's, or a longer "
        "window.",
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
          / sum(rate(istio_requests_total{reporter="source"}[5m])) > 0.05
    - alert: LowSuccessRate # <<
      expr: |
        sum(rate(istio_requests_total{reporter="source", response_code!~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="source"}[5m])) < 0.95
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
        sum(rate(istio_requests_total{reporter="destination", response_code=~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="destination"}[5m])) > 0.05
    - alert: LowSuccessRate
      expr: |
        sum(rate(istio_requests_total{reporter="source", response_code!~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="source"}[5m])) < 0.95
)",
    .check = check,
};

}  // namespace marty::rules::catalog
