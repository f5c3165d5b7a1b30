#include "dialect/istio/sidecar.hpp"

#include "dialect/names.hpp"

namespace marty::dialect::istio {

using namespace manifest;

namespace {

bool is_egress_host(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return false;
  const auto ns = text.substr(0, slash);
  return (ns == "." || ns == "*" || ns == "~" || is_dns_label(ns)) && is_host(text.substr(slash + 1));
}
constexpr Wants kEgressHost{is_egress_host,
                            "namespace/host such as ./*, shop/orders.shop.svc.cluster.local or */*"};

void check(const Sidecar& wire, const Node& node, Reader& reader) {
  for (std::size_t i = 0; i + 1 < wire.egress.size(); ++i)
    if (wire.egress[i].port.is_null())
      reader.error("conflicting-fields", {wire.egress[i].origin, 0},
                   "only the last egress listener may be without a port: it catches what the others left");
  if (node.size() == 0) reader.error("missing-field", node.range(), "Istio refuses an empty Sidecar");
}

}  // namespace

const Table& fields(Tag<Sidecar::Selector>) {
  using S = Sidecar::Selector;
  static const Fields<S> table{"WorkloadSelector", {field("labels", &S::labels)}};
  return table;
}

const Table& fields(Tag<Sidecar::Egress>) {
  using E = Sidecar::Egress;
  static const Fields<E> table{
      "IstioEgressListener",
      {field("port", &E::port, kNotEnforced), ignored("bind", kNotEnforced),
       ignored("captureMode", kNotEnforced), field("hosts", &E::hosts, kRequired, kEgressHost)}};
  return table;
}

const Table& fields(Tag<Sidecar>) {
  using S = Sidecar;
  static const Fields<S> table{
      "Sidecar.spec",
      {field("workloadSelector", &S::selector, "without it the whole namespace"),
       field("egress", &S::egress, "without it all hosts are known"),
       field("ingress", &S::ingress, kNotEnforced),
       field("outboundTrafficPolicy", &S::outbound_traffic_policy,
             Remark{"not-enforced",
                    "hosts that are not known get 502 in marty's local mesh, as under REGISTRY_ONLY"}),
       field("inboundConnectionPool", &S::inbound_connection_pool, kNotEnforced)},
      check};
  return table;
}

/// The hosts of all its listeners together: a listener for one port only is not told apart.
void read_sidecar(const Resource& resource, mesh::Model& model, Diagnostics& found) {
  Manifest<Sidecar> wire;
  decode(resource.root, wire, resource.ref(), found);
  mesh::SidecarScope scope;
  scope.ns = *resource.ns;
  scope.name = *resource.name;
  scope.origin = resource.name.origin;
  if (wire.spec.selector) scope.selector = wire.spec.selector->labels;
  for (const auto& listener : wire.spec.egress)
    scope.egress.insert(scope.egress.end(), listener.hosts.begin(), listener.hosts.end());
  model.sidecars.push_back(std::move(scope));
}

Sidecar from_model(const mesh::SidecarScope& scope) {
  Sidecar wire;
  if (!scope.selector.empty()) wire.selector = Sidecar::Selector{scope.selector};
  if (!scope.egress.empty()) wire.egress.push_back({{}, scope.egress, {}});
  return wire;
}

}  // namespace marty::dialect::istio
