#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// "ns/host", "./host", "*/host" or "host" of a Gateway's server, against a VirtualService's host.
bool admits(std::string_view pattern, const Resource& gateway, const Resource& routes,
            std::string_view host) {
  const auto slash = pattern.find('/');
  if (slash != pattern.npos) {
    const auto ns = pattern.substr(0, slash);
    if (ns != "*" && (ns == "." ? std::string_view(*gateway.ns) : ns) != *routes.ns) return false;
    pattern.remove_prefix(slash + 1);
  }
  if (pattern == "*" || pattern == host) return true;
  if (pattern.starts_with("*.")) return host.ends_with(pattern.substr(1));
  return host.starts_with("*.") && pattern.ends_with(host.substr(1));
}

const Resource* named_gateway(const Estate& estate, const Resource& routes, std::string_view name) {
  const auto slash = name.find('/');
  const auto ns = slash == name.npos ? std::string_view(*routes.ns) : name.substr(0, slash);
  return estate.find("Gateway", ns, name.substr(slash == name.npos ? 0 : slash + 1), "networking.istio.io");
}

void check_host(const Estate& estate, const Resource& routes, const Place& host, Report& report) {
  const Resource* asked = nullptr;
  bool admitted = false;
  each(routes.root, "spec.gateways[]", [&](const Place& name) {
    if (name.node.text == "mesh") admitted = true;
    const auto* gateway = named_gateway(estate, routes, name.node.text);
    if (gateway == nullptr) return;
    asked = gateway;
    each(gateway->root, "spec.servers[].hosts[]", [&](const Place& pattern) {
      admitted = admitted || admits(pattern.node.text, *gateway, routes, host.node.text);
    });
  });
  const Node* servers = asked == nullptr ? nullptr : get(asked->root, "spec.servers");
  if (servers == nullptr || admitted) return;  // one without servers is said elsewhere
  report
      .at(routes, host,
          fmt::format("Gateway '{}' has no server for {}: these routes are never used there", *asked->name,
                      host.node.text))
      .notes = {see(*servers, "its servers")};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.hosts[]",
       [&](const Resource* routes, const Place& host) { check_host(estate, *routes, host, report); });
}

}  // namespace

extern const Rule host_not_at_gateway{
    .id = "host-not-at-gateway",
    .severity = Severity::kWarning,
    .peers = "IST0132",
    .title = "a VirtualService's host that its Gateway does not serve",
    .why =
        "A Gateway only passes on requests for the hosts of its servers, and a server may name the "
        "namespaces whose "
        "routes it takes (namespace/host). Routes for any other host are never used: the edge answers 404.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com] # <<
  gateways: [front]
  http: [{route: [{destination: {host: pets, port: {number: 80}}}]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.example.com"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [front]
  http: [{route: [{destination: {host: pets, port: {number: 80}}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
