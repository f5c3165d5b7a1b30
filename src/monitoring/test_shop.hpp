#pragma once

#include "mesh/mesh_kind.hpp"
#include "mesh/policy_file.hpp"

namespace marty::monitoring {

/// A service that asks for everything monitoring can do.
inline mesh::PolicyFile shop() {
  mesh::PolicyFile file;
  file.name = {"pets"};
  file.ns = {"market"};
  file.service = {{"pets-service"}, {8080}, {"http"}};
  file.workload.metrics_port = {9000};
  file.workload.versions = {{{"v1"}, {{3}, {}}}, {{"v2"}, {{1}, {}}}};
  file.routing.split = {{{"v1"}, {90}}, {{"v2"}, {10}}};
  file.security.allow = {{{"callers"}, {{{"shop"}, {"web"}}, {{"market"}, {"cron"}}}, {}, {}}};
  auto& alerts = file.observability.alerts;
  alerts.error_rate.emplace().above = {"5%"};
  alerts.success.emplace().below = {"95%"};
  alerts.p99.emplace().above = {1000ms};
  alerts.breaker_open.emplace();
  auto& slo = file.observability.slo.emplace();
  slo.availability = {"99.9%"};
  slo.latency = mesh::PolicyFile::Slo::Latency{{500ms}, {"99%"}};
  return file;
}

/// The same on every mesh, and in both of Linkerd's families.
inline std::vector<std::pair<mesh::PolicyFile, mesh::MeshKind>> shops() {
  auto profile = shop();
  profile.target.linkerd_api = {"serviceprofile"};
  return {{shop(), mesh::MeshKind::kIstio},
          {shop(), mesh::MeshKind::kLinkerd},
          {profile, mesh::MeshKind::kLinkerd}};
}

}  // namespace marty::monitoring
