#include <fmt/format.h>

#include <map>

#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

void check_ports(const Resource& sidecar, std::string_view pattern, Report& report) {
  std::map<std::string_view, const Node*> first;
  each(sidecar.root, pattern, [&](const Place& port) {
    if (port.node.text == "0") return;
    const auto [known, fresh] = first.try_emplace(port.node.text, &port.node);
    if (!fresh)
      report.at(sidecar, port, fmt::format("port {} has a listener already", port.node.text)).notes = {
          see(*known->second, "the first one")};
  });
}

bool is_local_endpoint(std::string_view text) {
  if (text.starts_with("unix://")) return true;
  for (const auto host : {"127.0.0.1:", "0.0.0.0:", "[::1]:", "[::]:"})
    if (text.starts_with(host)) return text.size() > std::string_view(host).size();
  return false;
}

void check_outbound(const Resource& sidecar, Report& report) {
  const Node* outbound = get(sidecar.root, "spec.outboundTrafficPolicy");
  if (!is_mapping(outbound)) return;
  const Place place{*outbound, std::string("spec.outboundTrafficPolicy")};
  const Node* proxy = outbound->find("egressProxy");
  if (outbound->find("mode") == nullptr)
    refuse(sidecar, place, {}, "without a mode this is REGISTRY_ONLY: unknown hosts get 502", report)
        .severity = Severity::kWarning;
  else if (proxy != nullptr && text(*outbound, "mode") != "ALLOW_ANY")
    refuse(sidecar, place, "egressProxy",
           "only ALLOW_ANY sends unknown hosts anywhere; here this does nothing", report)
        .notes = {see(*outbound->find("mode"), "the mode")};
}

void check(const Estate& estate, Report& report) {
  for (const auto* sidecar : estate.of("Sidecar", "networking.istio.io")) {
    for (const auto pattern : {"spec.egress[].port.number", "spec.ingress[].port.number"})
      check_ports(*sidecar, pattern, report);
    each(sidecar->root, "spec.ingress[].defaultEndpoint", [&](const Place& endpoint) {
      if (!is_local_endpoint(endpoint.node.text))
        report.at(*sidecar, endpoint, fmt::format("'{}' is no port of the pod's own", endpoint.node.text))
            .notes = {
            {{}, "127.0.0.1:PORT, 0.0.0.0:PORT (the pod's address), [::1]:PORT or unix:///path are"}};
    });
    check_outbound(*sidecar, report);
  }
}

}  // namespace

extern const Rule sidecar_refused{
    .id = "sidecar-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL KIA1007",
    .title = "a Sidecar with listeners or endpoints that cannot be",
    .why =
        "Each port of a Sidecar has one listener; what comes in goes on to the pod itself; an egressProxy is "
        "for hosts that REGISTRY_ONLY would refuse. Istio's webhook refuses the rest. An "
        "outboundTrafficPolicy "
        "without a mode is taken, and means REGISTRY_ONLY: calls to hosts that the mesh does not know fail.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  ingress:
  - port: {number: 8080, protocol: HTTP, name: http}
    defaultEndpoint: pets:8080 # <<
  egress:
  - port: {number: 5432, protocol: TCP, name: a}
    hosts: ["./*"]
  - port:
      number: 5432 # <<
      protocol: TCP
      name: b
    hosts: ["./*"]
  outboundTrafficPolicy: {} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  ingress:
  - port: {number: 8080, protocol: HTTP, name: http}
    defaultEndpoint: 127.0.0.1:8080
  egress:
  - port: {number: 5432, protocol: TCP, name: a}
    hosts: ["./*"]
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
