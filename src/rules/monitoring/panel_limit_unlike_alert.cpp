#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "promql/checks.hpp"
#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

/// An expression as text without blanks and outer parentheses, so that two spellings of one are equal.
std::string bare_text(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\n' && c != '\t' && c != '\r') out += c;
  return out;
}

const Expr& bare(const Expr& expr) { return expr.is(Expr::Kind::kParens) ? bare(expr.children[0]) : expr; }

std::string text_of(const Query& query, const Expr& whole) {
  const auto& expr = bare(whole);
  return bare_text(std::string_view(query.node->text).substr(expr.at, expr.end - expr.at));
}

struct Alert {
  double limit = 0;
  const Node* name = nullptr;
};

/// What alerts compare with a number, and with which; of several about the same all.
std::multimap<std::string, Alert> alerts(const Queries& queries) {
  std::multimap<std::string, Alert> out;
  for (const auto& query : queries.all()) {
    const Node* name = query.rule == nullptr ? nullptr : query.rule->find("alert");
    if (name == nullptr || !query.parsed) continue;
    const auto& compared = bare(query.parsed.root);
    if (!compared.is(Expr::Kind::kBinary) || !promql::is_comparison(compared.name)) continue;
    const auto& limit = bare(compared.children[1]);
    if (limit.is(Expr::Kind::kNumber))
      out.emplace(text_of(query, compared.children[0]), Alert{limit.number, name});
  }
  return out;
}

struct Line {
  double at = 0;
  const Node* node = nullptr;
};

/// The numbers at which a panel draws lines or changes its colour; the base has none.
std::vector<Line> lines(const Node& panel) {
  std::vector<Line> out;
  each(panel, "fieldConfig.defaults.thresholds.steps[].value", [&](const Place& step) {
    double value = 0;
    const auto end = step.node.text.data() + step.node.text.size();
    const auto read = std::from_chars(step.node.text.data(), end, value);
    if (read.ec == std::errc() && read.ptr == end) out.push_back({value, &step.node});
  });
  return out;
}

class Look {
 public:
  Look(const Queries& queries, Report& report)
      : alerts_(alerts(queries)), queries_(queries), report_(report) {
    for (const auto& query : queries.all())
      if (query.json != nullptr && query.parsed) parsed_.emplace(query.node, &query);
  }

  void at_panel(const Queries::Dashboard& board, const Place& panel) {
    const auto drawn = lines(panel.node);
    if (drawn.empty()) return;
    each(panel.node, "targets[].expr", [&](const Place& target) {
      const auto query = parsed_.find(&target.node);
      if (query == parsed_.end()) return;
      const auto [first, last] = alerts_.equal_range(text_of(*query->second, query->second->parsed.root));
      // Of two alerts, a warning and a page, one line is enough.
      const bool agrees = std::any_of(first, last, [&](const auto& alert) {
        return std::ranges::count(drawn, alert.second.limit, &Line::at) > 0;
      });
      if (first != last && !agrees) tell(board, panel, drawn.back(), first->second);
    });
  }

 private:
  void tell(const Queries::Dashboard& board, const Place& panel, const Line& line, const Alert& alert) {
    auto& finding = report_.at(*board.resource, *line.node, board.path + ": " + panel.path,
                               fmt::format("this panel draws its line at {:g}, alert '{}' fires at {:g}",
                                           line.at, alert.name->text, alert.limit));
    finding.where = queries_.at(board, *line.node);
    finding.notes = {see(*alert.name, "the alert"), {{}, "one of the two was changed without the other"}};
  }

  std::multimap<std::string, Alert> alerts_;
  std::map<const Node*, const Query*> parsed_;
  const Queries& queries_;
  Report& report_;
};

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  if (queries.dashboards().empty()) return;
  Look look(queries, report);
  for (const auto& board : queries.dashboards())
    for (const Way& pattern : {Way("panels[]"), Way("panels[].panels[]")})
      each(board.root, pattern, [&](const Place& panel) { look.at_panel(board, panel); });
}

}  // namespace

extern const Rule panel_limit_unlike_alert{
    .id = "panel-limit-unlike-alert",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a panel draws its limit elsewhere than the alert about the same value",
    .why =
        "A line in a panel says from where on a value is bad, and so does an alert. When both look at the "
        "very same expression and disagree, somebody is paged while the dashboard is green, or looks at red "
        "that nobody is paged for. Found where the panel's query is, but for blanks, what the alert "
        "compares.",
    .bad = R"yaml(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - record: pets:latency:p99
      expr: |-
        histogram_quantile(0.99, sum by (le) (rate(
          istio_request_duration_milliseconds_bucket{reporter="source"}[5m])))
    - alert: PetsAreSlow
      for: 5m
      expr: pets:latency:p99 > 1000
---
apiVersion: v1
kind: ConfigMap
metadata: {name: board, namespace: shop, labels: {grafana_dashboard: "1"}}
data:
  pets.json: |
    {"title": "Pets", "panels": [
      {"title": "p99", "targets": [{"expr": "pets:latency:p99"}],
       "fieldConfig": {"defaults": {"thresholds": {"steps": [
         {"color": "green", "value": null},
         {"color": "red", "value": 500}]}}}}]} # <<
)yaml",
    .good = R"yaml(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - record: pets:latency:p99
      expr: |-
        histogram_quantile(0.99, sum by (le) (rate(
          istio_request_duration_milliseconds_bucket{reporter="source"}[5m])))
    - alert: PetsAreSlow
      for: 5m
      expr: pets:latency:p99 > 1000
---
apiVersion: v1
kind: ConfigMap
metadata: {name: board, namespace: shop, labels: {grafana_dashboard: "1"}}
data:
  pets.json: |
    {"title": "Pets", "panels": [
      {"title": "p99", "targets": [{"expr": "pets:latency:p99"}],
       "fieldConfig": {"defaults": {"thresholds": {"steps": [
         {"color": "green", "value": null},
         {"color": "red", "value": 1000}]}}}}]}
)yaml",
    .check = check,
};

}  // namespace marty::rules::catalog
