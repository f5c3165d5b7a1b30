#pragma once

#include "mesh/mesh_kind.hpp"
#include "mesh/policy_file.hpp"
#include "monitoring/promql.hpp"

namespace marty::monitoring {

/// What an alert tells: whoever is woken by it, whoever reads the rule file, and whoever looks it up.
struct AlertText {
  std::string name;
  Labels annotations;  ///< summary, description, runbook, dashboard; with Prometheus' templates
  std::string why;     ///< comment at the rule
  std::string advice;  ///< of the runbook, as Markdown
};

AlertText error_rate_text(const mesh::PolicyFile&, mesh::MeshKind);
AlertText success_text(const mesh::PolicyFile&, mesh::MeshKind);
AlertText latency_text(const mesh::PolicyFile&, mesh::MeshKind);
AlertText breaker_open_text(const mesh::PolicyFile&, mesh::MeshKind);
/// A rule's own labels are no $labels of its annotations, so the window is written out.
AlertText budget_text(const mesh::PolicyFile&, mesh::MeshKind, std::string_view window);
AlertText latency_budget_text(const mesh::PolicyFile&, mesh::MeshKind, std::string_view window);

/// Fills the templates as Prometheus will: {{ $value | humanizePercentage }}, {{ $labels.caller }} and so on.
std::string filled(std::string text, const Labels& values);

/// Grafana's id of the dashboard, at most 40 characters.
std::string dashboard_uid(const mesh::PolicyFile&, mesh::MeshKind);

}  // namespace marty::monitoring
