#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"})
    each(estate.of(kind), "spec.parentRefs[]", [&](const Resource* route, const Place& parent) {
      if (text(parent.node, "kind") == "EgressNetwork" && parent.node.find("port") == nullptr)
        report
            .at(*route, parent,
                "a route for an EgressNetwork says for which port: Linkerd's webhook refuses it")
            .notes = {{{}, "add port: 443, or whatever is called out there"}};
    });
}

}  // namespace

extern const Rule egress_parent_without_port{
    .id = "egress-parent-without-port",
    .severity = Severity::kError,
    .peers = "LW",
    .title = "a route for an EgressNetwork that names no port",
    .why =
        "An EgressNetwork stands for everything outside, at all ports; it has no list of its own as a "
        "Service "
        "has. A route therefore has to say in parentRefs which port its traffic goes to. Linkerd's policy "
        "webhook refuses one that does not.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1alpha1
kind: EgressNetwork
metadata: {name: outside, namespace: shop}
spec: {trafficPolicy: Deny}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bank, namespace: shop}
spec:
  hostnames: [bank.example.com]
  parentRefs:
  - group: policy.linkerd.io # <<
    kind: EgressNetwork
    name: outside
  rules:
  - matches: [{path: {type: PathPrefix, value: /v1}}]
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1alpha1
kind: EgressNetwork
metadata: {name: outside, namespace: shop}
spec: {trafficPolicy: Deny}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: bank, namespace: shop}
spec:
  hostnames: [bank.example.com]
  parentRefs:
  - group: policy.linkerd.io
    kind: EgressNetwork
    name: outside
    port: 80
  rules:
  - matches: [{path: {type: PathPrefix, value: /v1}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
