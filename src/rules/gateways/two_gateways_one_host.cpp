#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

std::string selector_text(const Resource& gateway) {
  std::string out;
  for (const auto& [key, value] : labels_at(get(gateway.root, "spec.selector")))
    out += key + "=" + value + ",";
  return out;
}

void check(const Estate& estate, Report& report) {
  std::map<std::string, std::pair<const Resource*, const Node*>> first;
  for (const auto* gateway : estate.of("Gateway", "networking.istio.io")) {
    const auto selector = selector_text(*gateway);
    each(gateway->root, "spec.servers[]", [&](const Place& server) {
      const auto port = text(server.node, "port.number");
      each(server.node, "hosts[]", [&](const Place& host) {
        const auto key = fmt::format("{}|{}|{}", selector, port, host.node.text);
        const auto [place, fresh] = first.try_emplace(key, gateway, &host.node);
        if (fresh || place->second.first == gateway) return;
        report
            .at(*gateway, host.node, server.path + "." + host.path,
                fmt::format("Gateway '{}' serves {} at port {} of the same proxies already",
                            *place->second.first->name, host.node.text, port))
            .notes = {see(*place->second.second, "there")};
      });
    });
  }
}

}  // namespace

extern const Rule two_gateways_one_host{
    .id = "two-gateways-one-host",
    .severity = Severity::kWarning,
    .peers = "IST0145 KIA0301",
    .title = "two Gateways serve one host at one port of the same proxies",
    .why =
        "The proxies that both select have one listener per port and one certificate and set of routes per "
        "host: "
        "which Gateway wins depends on which is older, and the TLS settings of the other are ignored.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: side, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [shop.example.com] # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
