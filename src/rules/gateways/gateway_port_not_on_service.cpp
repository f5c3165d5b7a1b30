#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The ports of all Services before a Gateway's pods, as they call them and as the pods do.
struct Front {
  const Resource* service = nullptr;  ///< one of them; nullptr when the files have none
  std::set<std::int64_t> ports;
};

Front front_of(const Estate& estate, const mesh::Labels& selector) {
  std::map<std::string_view, std::vector<const Pods*>> by_namespace;
  for (const auto& pods : estate.pods())
    if (mesh::selects(selector, pods.labels)) by_namespace[pods.ns()].push_back(&pods);
  Front front;
  if (by_namespace.empty()) return front;
  for (const auto* service : estate.of("Service")) {
    const auto there = by_namespace.find(*service->ns);
    const auto wanted = labels_at(get(service->root, "spec.selector"));
    if (there == by_namespace.end() || wanted.empty()) continue;
    bool before = false;
    for (const auto* pods : there->second) before |= mesh::selects(wanted, pods->labels);
    const auto* known = before ? estate.modelled(*service) : nullptr;
    if (known == nullptr) continue;
    front.service = service;
    for (const auto& port : known->ports) front.ports.insert({port.port, port.target_port});
  }
  return front;
}

void check(const Estate& estate, Report& report) {
  std::map<mesh::Labels, Front> fronts;  // most Gateways share one selector
  for (const auto* gateway : estate.of("Gateway", "networking.istio.io")) {
    const auto selector = labels_at(get(gateway->root, "spec.selector"));
    if (selector.empty()) continue;
    const auto [known, fresh] = fronts.try_emplace(selector);
    if (fresh) known->second = front_of(estate, selector);
    const auto& front = known->second;
    if (front.service == nullptr) continue;
    each(gateway->root, "spec.servers[].port.number", [&](const Place& port) {
      const auto wanted = number(port.node, "");
      if (!wanted || front.ports.contains(*wanted)) return;
      report
          .at(*gateway, port,
              fmt::format("the Service '{}' before this gateway has no port {}: nobody outside reaches it",
                          *front.service->name, *wanted))
          .notes = {see(*front.service, "the Service"), {{}, "add the port there, or serve at one it has"}};
    });
  }
}

}  // namespace

extern const Rule gateway_port_not_on_service{
    .id = "gateway-port-not-on-service",
    .severity = Severity::kWarning,
    .peers = "IST0162",
    .title = "a Gateway serves at a port that its Service does not have",
    .why =
        "A Gateway tells the gateway's pods where to listen; what comes in from outside comes through their "
        "Service. A port that the Service lacks is open in the pod and closed to everybody: callers see a "
        "refused connection while the proxy's configuration looks right.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec:
      serviceAccountName: front
      containers: [{name: istio-proxy, image: istio/proxyv2:1.30.0, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8081, name: http, protocol: HTTP} # <<
    hosts: [pets.example.com]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec:
      serviceAccountName: front
      containers: [{name: istio-proxy, image: istio/proxyv2:1.30.0, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [pets.example.com]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
