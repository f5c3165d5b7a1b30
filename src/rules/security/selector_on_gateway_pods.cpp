#include <fmt/format.h>

#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kLabel = "gateway.networking.k8s.io/gateway-name";
constexpr std::array<std::string_view, 4> kKinds{"AuthorizationPolicy", "RequestAuthentication", "Telemetry",
                                                 "WasmPlugin"};

void check(const Estate& estate, Report& report) {
  for (const auto kind : kKinds)
    for (const auto* policy : estate.of(kind)) {
      if (!policy->group().ends_with("istio.io")) continue;
      const Node* labels = get(policy->root, "spec.selector.matchLabels");
      const Node* gateway = labels == nullptr ? nullptr : labels->find(kLabel);
      if (gateway == nullptr) continue;
      report
          .at(*policy, *gateway, fmt::format("spec.selector.matchLabels.{}", kLabel),
              fmt::format("proxies of Gateways do not go by selectors: this {} has no effect", kind))
          .notes = {
          {{},
           fmt::format("write targetRefs: [{{group: gateway.networking.k8s.io, kind: Gateway, name: {}}}]",
                       gateway->text)}};
    }
}

}  // namespace

extern const Rule selector_on_gateway_pods{
    .id = "selector-on-gateway-pods",
    .severity = Severity::kWarning,
    .peers = "IST0166",
    .title = "a policy selects a Gateway's pods by their label",
    .why =
        "The pods that Istio makes for a Gateway of Kubernetes take policies by targetRefs. A selector that "
        "names their label matches the pods and is passed over by istiod, so the gateway is left without "
        "the policy.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: edge, namespace: edge}
spec:
  selector:
    matchLabels:
      gateway.networking.k8s.io/gateway-name: front # <<
  rules:
  - to: [{operation: {methods: [GET]}}]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: edge, namespace: edge}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: front}]
  rules:
  - to: [{operation: {methods: [GET]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
