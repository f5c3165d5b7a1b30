#pragma once

#include "dialect/istio/parts.hpp"
#include "manifest/resource.hpp"

/// PeerAuthentication (security.istio.io), istio.md 1.7 and 2.11: whether a workload takes plaintext.
namespace marty::dialect::istio {

struct MutualTls {
  Sourced<policy::MtlsMode> mode{policy::MtlsMode::kUnset};
};
struct PeerAuthentication {
  static constexpr const char* kKind = "PeerAuthentication";
  std::optional<WorkloadSelector> selector;
  std::optional<MutualTls> mtls;
  std::vector<std::pair<Text, MutualTls>> port_level;  ///< by the workload's port, not the service's
};
const manifest::Table& fields(Tag<PeerAuthentication>);

void read_peer_authentication(const manifest::Resource&, mesh::Model&, Diagnostics&);
PeerAuthentication from_model(const policy::MtlsPolicy&);

}  // namespace marty::dialect::istio

namespace marty::policy {
std::span<const manifest::Spelling> spellings(manifest::Tag<MtlsMode>);
}
