#pragma once

#include "manifest/node.hpp"
#include "monitoring/rules.hpp"

namespace marty::monitoring {

/// A line of a panel.
struct Query {
  std::string expression, legend;
};

/// A limit drawn into a panel, in the panel's unit.
struct Line {
  double value = 0;
  bool bad_below = false;  ///< what lies under it is bad, not what lies above
};

struct Panel {
  std::string title, description;
  std::string unit;  ///< Grafana's: "reqps", "percentunit", "ms", "short"
  std::vector<Query> queries;
  std::vector<Line> lines;
  bool number = false;  ///< one large figure instead of a graph
};

struct PanelRow {
  std::string title;
  std::vector<Panel> panels;
};

/// What the dashboard shows: rate, errors and duration by version, callers, resilience, rollout, objective.
std::vector<PanelRow> panel_rows(const mesh::PolicyFile&, mesh::MeshKind);

/// Every expression, for tests; Grafana's $__rate_interval is in it.
std::vector<std::string> dashboard_expressions(const mesh::PolicyFile&, mesh::MeshKind);

}  // namespace marty::monitoring
