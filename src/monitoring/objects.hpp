#pragma once

#include "manifest/node.hpp"
#include "mesh/mesh_kind.hpp"
#include "mesh/policy_file.hpp"

/// The Kubernetes objects, one function each.
namespace marty::monitoring {

/// One with the name and labels that all generated objects have; `spec` or `data` is for the caller to add.
manifest::Node object(const mesh::PolicyFile&, std::string_view api_version, std::string_view kind,
                      const std::string& name);

manifest::Node service_monitor(const mesh::PolicyFile&);
manifest::Node pod_monitor(const mesh::PolicyFile&, mesh::MeshKind);
manifest::Node telemetry_object(const mesh::PolicyFile&);
manifest::Node prometheus_rule(const mesh::PolicyFile&, mesh::MeshKind);
manifest::Node dashboard_config_map(const mesh::PolicyFile&, mesh::MeshKind);

}  // namespace marty::monitoring
