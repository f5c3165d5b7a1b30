#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  // By the pods that serve it and the Secret.
  std::map<std::pair<mesh::Labels, std::string_view>, std::pair<const Resource*, const Node*>> first;
  for (const auto* gateway : estate.of("Gateway", "networking.istio.io")) {
    const auto selector = labels_at(get(gateway->root, "spec.selector"));
    each(gateway->root, "spec.servers[].tls.credentialName", [&](const Place& secret) {
      const std::string_view name = secret.node.text;
      const auto [known, fresh] = first.try_emplace({selector, name}, std::pair(gateway, &secret.node));
      if (fresh || known->second.first == gateway) return;
      report
          .at(*gateway, secret,
              fmt::format(
                  "Gateway '{}' serves with the certificate '{}', too: browsers may send requests for "
                  "this one's hosts over its connections and get 404",
                  *known->second.first->name, name))
          .notes = {see(*known->second.second, "the other one"),
                    {{}, "list all hosts of a certificate in the servers of one Gateway"}};
    });
  }
}

}  // namespace

extern const Rule certificate_of_two_gateways{
    .id = "certificate-of-two-gateways",
    .severity = Severity::kWarning,
    .peers = "IST0138",
    .title = "two Gateways of the same proxies serve with one certificate",
    .why =
        "A browser that has an HTTP/2 connection to one host uses it for every other host that the "
        "certificate covers and that has the same address. With two Gateways the second host's routes are "
        "not at the first one's listener, so such requests get 404, depending on what was opened before.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: pets, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls: {mode: SIMPLE, credentialName: wildcard}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: orders, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [orders.example.com]
    tls: {mode: SIMPLE, credentialName: wildcard} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com, orders.example.com]
    tls: {mode: SIMPLE, credentialName: wildcard}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
