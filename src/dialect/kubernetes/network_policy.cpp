#include "dialect/kubernetes/network_policy.hpp"

#include <fmt/format.h>

#include "dialect/names.hpp"

namespace marty::dialect::kubernetes {

using namespace manifest;
using P = NetworkPolicy;

namespace {

void check_port(const P::Port& port, const Node& node, Reader& reader) {
  if (!port.end_port) return;
  if (!port.port || !(*port.port)->text.empty()) {
    reader.error("conflicting-fields", node.find("endPort")->range(), "'endPort' needs a numeric 'port'");
  } else if ((*port.port)->number > **port.end_port) {
    reader.error("out-of-range", node.find("endPort")->range(),
                 fmt::format("the range {} to {} is empty", (*port.port)->number, **port.end_port));
  }
}

void check_block(const P::IpBlock& block, const Node&, Reader& reader) {
  check_network(block, reader);
  const auto check = [&](const Text& text) {
    if (text->find('/') == text->npos)
      reader.error("invalid-value", range_of(text), fmt::format("'{0}' needs a length: {0}/32", *text));
  };
  check(block.cidr);
  for (const auto& text : block.except) check(text);
}

void check_peer(const P::Peer& peer, const Node& node, Reader& reader) {
  const bool selects = peer.pod_selector || peer.namespace_selector;
  if (selects && peer.ip_block) {
    reader.error("conflicting-fields", node.range(), "an item has an ipBlock or selectors, not both");
  } else if (!selects && !peer.ip_block) {
    reader.error("missing-field", node.range(), "an item needs podSelector, namespaceSelector or ipBlock");
  }
}

}  // namespace

std::span<const Spelling> spellings(Tag<P::Protocol>) {
  static constexpr Spelling kAll[] = {spell("TCP", P::Protocol::kTcp), spell("UDP", P::Protocol::kUdp),
                                      spell("SCTP", P::Protocol::kSctp)};
  return kAll;
}

std::span<const Spelling> spellings(Tag<P::Direction>) {
  static constexpr Spelling kAll[] = {spell("Ingress", P::Direction::kIngress),
                                      spell("Egress", P::Direction::kEgress)};
  return kAll;
}

const Table& fields(Tag<P::Port>) {
  static const Fields<P::Port> table{
      "NetworkPolicyPort",
      {field("protocol", &P::Port::protocol), field("port", &P::Port::port, kPort),
       field("endPort", &P::Port::end_port, kPort)},
      check_port};
  return table;
}

const Table& fields(Tag<P::IpBlock>) {
  static const Fields<P::IpBlock> table{
      "IPBlock",
      {field("cidr", &P::IpBlock::cidr, kRequired), field("except", &P::IpBlock::except)},
      check_block};
  return table;
}

const Table& fields(Tag<P::Peer>) {
  static const Fields<P::Peer> table{
      "NetworkPolicyPeer",
      {field("namespaceSelector", &P::Peer::namespace_selector,
             "namespaces; their only automatic label is "
             "kubernetes.io/metadata.name"),
       field("podSelector", &P::Peer::pod_selector, "pods, of this namespace unless namespaces are selected"),
       field("ipBlock", &P::Peer::ip_block)},
      check_peer};
  return table;
}

const Table& fields(Tag<P::Ingress>) {
  static const Fields<P::Ingress> table{
      "NetworkPolicyIngressRule", {field("from", &P::Ingress::from), field("ports", &P::Ingress::ports)}};
  return table;
}

const Table& fields(Tag<P::Egress>) {
  static const Fields<P::Egress> table{"NetworkPolicyEgressRule",
                                       {field("to", &P::Egress::to), field("ports", &P::Egress::ports)}};
  return table;
}

const Table& fields(Tag<P>) {
  static const Fields<P> table{
      "NetworkPolicy.spec",
      {field("podSelector", &P::pod_selector, "without labels every pod of the namespace"),
       field("policyTypes", &P::policy_types, "Ingress, and Egress when there are rules for it, unless said"),
       field("ingress", &P::ingress), field("egress", &P::egress)}};
  return table;
}

}  // namespace marty::dialect::kubernetes
