#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* resource : estate.of("VirtualService")) {
    each(resource->root, "spec.gateways[]", [&](const Place& named) {
      if (named.node.text == "mesh") return;
      const std::string_view whole = named.node.text;
      const auto slash = whole.find('/');
      const auto ns = slash == whole.npos ? std::string_view(*resource->ns) : whole.substr(0, slash);
      const auto name = whole.substr(slash == whole.npos ? 0 : slash + 1);
      const auto& there = estate.names("Gateway", ns);  // empty: that namespace is not among the files
      if (there.empty() || estate.find("Gateway", ns, name) != nullptr) return;
      suggest(report.at(*resource, named, fmt::format("no Gateway '{}' in namespace '{}'", name, ns)), name,
              there);
    });
  }
}

}  // namespace

const Rule unknown_gateway{
    .id = "unknown-gateway",
    .severity = Severity::kError,
    .peers = "IST0101 KIA1102",
    .title = "a VirtualService binds to a Gateway that is not there",
    .why =
        "Routes bound to a Gateway that does not exist are never given to any proxy: the host answers 404 at "
        "the "
        "edge. A name without a slash means a Gateway in the VirtualService's own namespace.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [pets.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [edge/frnt] # <<
  http: [{route: [{destination: {host: pets, port: {number: 80}}}]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [pets.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [edge/front]
  http: [{route: [{destination: {host: pets, port: {number: 80}}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
