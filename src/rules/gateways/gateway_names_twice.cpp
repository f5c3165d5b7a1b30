#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_names(const Resource& gateway, std::string_view pattern, std::string_view what, Report& report) {
  std::map<std::string_view, const Node*> first;
  each(gateway.root, pattern, [&](const Place& name) {
    const auto [known, fresh] = first.try_emplace(name.node.text, &name.node);
    if (!fresh)
      report
          .at(gateway, name, fmt::format("a second {} named '{}'; Istio refuses that", what, name.node.text))
          .notes = {see(*known->second, "the first one")};
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto* gateway : estate.of("Gateway", "networking.istio.io")) {
    check_names(*gateway, "spec.servers[].port.name", "port", report);
    check_names(*gateway, "spec.servers[].name", "server", report);
  }
}

}  // namespace

extern const Rule gateway_names_twice{
    .id = "gateway-names-twice",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "two servers of a Gateway, or their ports, have one name",
    .why =
        "Within one Gateway the name of each port, and of each server that has one, must be its own: routes "
        "and secrets are kept under it. Istio's webhook refuses the object.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [pets.example.com]
  - port: {number: 8080, name: http, protocol: HTTP} # <<
    hosts: [orders.example.com]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [pets.example.com]
  - port: {number: 8080, name: http-orders, protocol: HTTP}
    hosts: [orders.example.com]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
