#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 5> kIstio{"istio", "istio-waypoint", "istio-remote", "istio-east-west",
                                                 "istio-agentgateway"};

void check(const Estate& estate, Report& report) {
  std::vector<std::string_view> known(kIstio.begin(), kIstio.end());
  for (const auto* declared : estate.of("GatewayClass")) known.push_back(*declared->name);
  each(estate.of("Gateway", "gateway.networking.k8s.io"), "spec.gatewayClassName",
       [&](const Resource* gateway, const Place& named) {
         if (std::ranges::count(known, std::string_view(named.node.text)) > 0) return;
         auto& finding =
             report.at(*gateway, named,
                       fmt::format("nobody here is known to serve Gateways of class '{}'", named.node.text));
         suggest(finding, named.node.text, known);
         if (!finding.notes.empty()) finding.severity = Severity::kWarning;  // else another controller may
       });
}

}  // namespace

extern const Rule unknown_gateway_class{
    .id = "unknown-gateway-class",
    .severity = Severity::kInfo,
    .peers = "KIA1504",
    .title = "a Gateway of a class that neither Istio nor these files have",
    .why =
        "A Gateway is carried out by the controller that owns its class. When there is none it stays without "
        "an address and without a complaint. A name that is nearly one of the known ones is reported as a "
        "warning.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istoi # <<
  listeners: [{name: http, port: 80, protocol: HTTP}]
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
