#pragma once

#include "dialect/istio/parts.hpp"
#include "manifest/resource.hpp"

/// Sidecar (networking.istio.io), istio.md 1.5: which hosts a workload's outbound proxy knows.
namespace marty::dialect::istio {

struct Sidecar {
  static constexpr const char* kKind = "Sidecar";
  struct Selector {
    mesh::Labels labels;
  };
  struct Egress {
    manifest::Node port;
    TextList hosts;
    Origin origin;
  };
  std::optional<Selector> selector;
  std::vector<Egress> egress;
  manifest::Node ingress, outbound_traffic_policy, inbound_connection_pool;
};
const manifest::Table& fields(Tag<Sidecar>);

void read_sidecar(const manifest::Resource&, mesh::Model&, Diagnostics&);
Sidecar from_model(const mesh::SidecarScope&);

}  // namespace marty::dialect::istio
