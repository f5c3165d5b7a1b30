#pragma once

#include "dialect/kubernetes/label_selector.hpp"

/// NetworkPolicy (networking.k8s.io/v1): which connections may reach pods, and which they may open, below any
/// mesh.
namespace marty::dialect::kubernetes {

struct NetworkPolicy {
  static constexpr const char* kKind = "NetworkPolicy";
  enum class Protocol { kTcp, kUdp, kSctp };
  enum class Direction { kIngress, kEgress };

  struct Port {
    Sourced<Protocol> protocol{Protocol::kTcp};
    Maybe<manifest::IntOrString> port;  ///< of the pod, by number or container port name; without it all
    Maybe<std::uint32_t> end_port;      ///< last of a range that begins with `port`
    Origin origin;
  };
  struct IpBlock : Network {};  ///< with a prefix length, unlike Linkerd's
  struct Peer {
    std::optional<LabelSelector> pod_selector, namespace_selector;
    std::optional<IpBlock> ip_block;
    Origin origin;
  };
  struct Ingress {
    std::vector<Peer> from;   ///< any of them; empty: everybody
    std::vector<Port> ports;  ///< any of them; empty: all
    Origin origin;
  };
  struct Egress {
    std::vector<Peer> to;
    std::vector<Port> ports;
    Origin origin;
  };

  std::optional<LabelSelector> pod_selector;  ///< absent or empty: every pod of the namespace
  std::vector<Sourced<Direction>> policy_types;
  std::optional<std::vector<Ingress>> ingress;  ///< empty: nothing is let in
  std::optional<std::vector<Egress>> egress;
};
const manifest::Table& fields(Tag<NetworkPolicy>);

}  // namespace marty::dialect::kubernetes
