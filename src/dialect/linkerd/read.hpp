#pragma once

#include <optional>
#include <span>

#include "manifest/resource.hpp"
#include "mesh/model.hpp"

/// From Linkerd's objects to the mesh model: what each means to the proxies (linkerd.md 1 and 3).
namespace marty::dialect::linkerd {

void read_http_route(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_service_profile(const manifest::Resource&, mesh::Model&, Diagnostics&);
/// As Linkerd's SMI extension does: a ServiceProfile of the apex Service that has nothing but overrides.
void read_traffic_split(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_server(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_server_authorization(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_authorization_policy(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_mesh_tls_authentication(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_network_authentication(const manifest::Resource&, mesh::Model&, Diagnostics&);
void read_rate_limit(const manifest::Resource&, mesh::Model&, Diagnostics&);

/// Linkerd, when an object of its groups is there or something asks to be injected by it.
mesh::MeshKind mesh_kind_of(std::span<const manifest::Resource>);
/// What annotations of Services, Namespaces and pod templates say, added to what the model has of them.
void read_annotations(std::span<const manifest::Resource>, mesh::Model&, Diagnostics&);
/// Annotations of which the local mesh does nothing; `metadata` may be null.
void report_not_enforced(const manifest::Node* metadata, const ObjectRef&, Diagnostics&);

}  // namespace marty::dialect::linkerd
