#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  std::map<std::string, std::pair<const Resource*, const Node*>> first;  // by address and port
  each(estate.of("Gateway", "gateway.networking.k8s.io"), "spec.addresses[].value",
       [&](const Resource* gateway, const Place& address) {
         bool said = false;
         each(gateway->root, "spec.listeners[].port", [&](const Place& port) {
           const auto [known, fresh] = first.try_emplace(
               fmt::format("{}|{}", address.node.text, port.node.text), gateway, &address.node);
           if (fresh || said || known->second.first == gateway) return;
           said = true;
           report
               .at(*gateway, address,
                   fmt::format("Gateway '{}' listens at {} port {} already", *known->second.first->name,
                               address.node.text, port.node.text))
               .notes = {see(*known->second.second, "there")};
         });
       });
}

}  // namespace

extern const Rule gateways_share_address{
    .id = "gateways-share-address",
    .severity = Severity::kWarning,
    .peers = "KIA1501 KIA1502",
    .title = "two Gateways ask for one address and port",
    .why =
        "Each Gateway of the Gateway API gets proxies and a Service of its own. When two ask for the same "
        "address and listen at the same port there, one of them gets it and the other waits, or both are "
        "reached by turns. Put the listeners into one Gateway; routes of other namespaces can join it.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  addresses: [{value: 203.0.113.7}]
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: a.example.com}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: side, namespace: edge}
spec:
  gatewayClassName: istio
  addresses: [{value: 203.0.113.7}] # <<
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: b.example.com}]
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  addresses: [{value: 203.0.113.7}]
  listeners:
  - {name: a, port: 80, protocol: HTTP, hostname: a.example.com}
  - {name: b, port: 80, protocol: HTTP, hostname: b.example.com}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
