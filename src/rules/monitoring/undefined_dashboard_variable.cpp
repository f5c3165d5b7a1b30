#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The variables that a text names as $x, ${x} or ${x:format}.
std::vector<std::string_view> variables(std::string_view text) {
  std::vector<std::string_view> out;
  for (auto at = text.find('$'); at != text.npos; at = text.find('$', at + 1)) {
    auto begin = at + 1;
    const bool braced = begin < text.size() && text[begin] == '{';
    begin += braced;
    auto end = begin;
    while (end < text.size() && is_name(text[end])) ++end;
    const auto name = text.substr(begin, end - begin);
    const bool group = !braced && !name.empty() && name[0] >= '0' && name[0] <= '9';  // $1 of label_replace
    if (!name.empty() && !group) out.push_back(name);
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  for (const auto& board : queries.dashboards()) {
    std::set<std::string, std::less<>> known;
    for (const Way& pattern : {Way("templating.list[].name"), Way("__inputs[].name")})
      each(board.root, pattern, [&](const Place& at) { known.insert(at.node.text); });
    const auto look = [&](const Place& at) {
      for (const auto name : variables(at.node.text)) {
        if (name.starts_with("__") || known.contains(name)) continue;
        auto& finding = report.at(*board.resource, at.node, board.path + ": " + at.path,
                                  fmt::format("this dashboard has no variable '{}'", name));
        finding.where = queries.at(board, at.node);
        if (const auto near = closest(name, {known.begin(), known.end()}))
          finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
      }
    };
    for (const std::string panels : {"panels[]", "panels[].panels[]"})
      for (const auto* field : {".targets[].expr", ".datasource.uid", ".targets[].datasource.uid"})
        each(board.root, panels + field, look);
  }
}

}  // namespace

extern const Rule undefined_dashboard_variable{
    .id = "undefined-dashboard-variable",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a panel that uses a variable its dashboard lacks",
    .why =
        "Grafana replaces $name in queries and data sources by the dashboard's variable of that name. One"
        " that is not defined under templating is left as it stands: the query fails, or the panel asks "
        "for a data source that does not exist. Grafana's own variables begin with two underscores.",
    .bad = R"yaml(
apiVersion: v1
kind: ConfigMap
metadata: {name: board, namespace: shop, labels: {grafana_dashboard: "1"}}
data:
  pets.json: |
    {"title": "Pets",
     "templating": {"list": [{"name": "service"}]},
     "panels": [{"targets": [{
       "legendFormat": "# <<", "expr": "max(istio_build{app=\"$servce\"})"
     }]}]}
)yaml",
    .good = R"yaml(
apiVersion: v1
kind: ConfigMap
metadata: {name: board, namespace: shop, labels: {grafana_dashboard: "1"}}
data:
  pets.json: |
    {"title": "Pets",
     "templating": {"list": [{"name": "service"}]},
     "panels": [{"targets": [{
       "expr": "max(istio_build{app=\"$service\"})"
     }]}]}
)yaml",
    .check = check,
};

}  // namespace marty::rules::catalog
