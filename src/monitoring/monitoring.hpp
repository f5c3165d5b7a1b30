#pragma once

#include <string>
#include <string_view>

#include "mesh/mesh_kind.hpp"
#include "mesh/policy_file.hpp"

/// What watches a service on a mesh, made from its policy file: scrapes, rules, alerts, dashboards, traces.
/// Texts of whole files; each begins with `heading` where the format has comments. Same input, same bytes.
/// A text is empty when the policy file asks for nothing of the kind.
namespace marty::monitoring {

/// The application's own metrics, whichever mesh is around it: a ServiceMonitor.
std::string app_monitoring(const mesh::PolicyFile&, std::string_view heading);
/// What only one mesh has: PodMonitor, Telemetry (Istio), PrometheusRule, the dashboard's ConfigMap.
std::string mesh_monitoring(const mesh::PolicyFile&, mesh::MeshKind, std::string_view heading);

/// The rules for a Prometheus without the operator, and promtool's tests of them.
std::string rule_file(const mesh::PolicyFile&, mesh::MeshKind, std::string_view heading);
std::string rule_tests(const mesh::PolicyFile&, mesh::MeshKind, std::string_view heading);

/// A Grafana dashboard to provision or import. JSON has no comments, so its description says where it is
/// from.
std::string dashboard(const mesh::PolicyFile&, mesh::MeshKind);

/// The page that the alerts lead to. `command` says how it is made.
std::string runbook(const mesh::PolicyFile&, mesh::MeshKind, std::string_view command);
std::string runbook_path(mesh::MeshKind);

/// Envoy makes only a few statistics unless its pod asks for more, and ejections, limits and retries are not
/// among them: this part of the annotation proxy.istio.io/config asks for what the rules and the dashboard
/// read. For the pods of every caller, as these are measured in the caller's sidecar.
/// Each line begins with `indent`.
std::string proxy_stats_matcher(std::string_view indent);

}  // namespace marty::monitoring
