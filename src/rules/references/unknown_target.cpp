#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/parents.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 6> kPolicies{"AuthorizationPolicy", "RequestAuthentication",
                                                    "Telemetry",           "WasmPlugin",
                                                    "TrafficExtension",    "EnvoyFilter"};
constexpr std::array<std::string_view, 4> kKinds{"Service", "Gateway", "ServiceEntry", "GatewayClass"};

/// The names there are to choose from; none when the files do not hold such objects of the namespace.
std::vector<std::string_view> names_of(const Estate& estate, std::string_view kind, std::string_view ns) {
  if (kind == "Service" || kind == "ServiceEntry") return estate.names(kind, ns);
  if (kind == "GatewayClass") return {};
  const auto gateways = gateway_names(estate);
  const auto there = gateways.find(ns);
  return there == gateways.end() ? std::vector<std::string_view>{} : there->second;
}

void check_ref(const Estate& estate, const Resource& policy, const Place& ref, Report& report) {
  const Node* kind = ref.node.find("kind");
  const Node* name = ref.node.find("name");
  if (kind == nullptr || name == nullptr) return;
  if (std::ranges::find(kKinds, kind->text) == kKinds.end()) {
    report.at(policy, *kind, ref.path + ".kind", fmt::format("a policy cannot be for a {}", kind->text))
        .notes = {
        {{}, "it can be for a Service, ServiceEntry, Gateway or GatewayClass; pods are chosen by selector"}};
    return;
  }
  const Node* ns = ref.node.find("namespace");
  if (ns != nullptr && ns->text != *policy.ns && !ns->text.empty()) {
    report.at(policy, *ns, ref.path + ".namespace", "a policy is for what is in its own namespace only");
    return;
  }
  const auto there = names_of(estate, kind->text, *policy.ns);
  if (there.empty() || std::ranges::find(there, name->text) != there.end()) return;
  suggest(report.at(policy, *name, ref.path + ".name",
                    fmt::format("no {} '{}' in namespace '{}': nobody carries this out", kind->text,
                                name->text, *policy.ns)),
          name->text, there);
}

void check(const Estate& estate, Report& report) {
  for (const auto kind : kPolicies)
    each(estate.of(kind), {"spec.targetRefs[]", "spec.targetRef"},
         [&](const Resource* policy, const Place& ref) {
           if (policy->group().ends_with("istio.io")) check_ref(estate, *policy, ref, report);
         });
}

}  // namespace

extern const Rule unknown_target{
    .id = "unknown-target",
    .severity = Severity::kError,
    .peers = "IST0101 IST0167",
    .title = "a policy is for a Gateway or Service that is not there",
    .why =
        "With targetRefs a policy is given to a gateway, or to the waypoint in front of a Service. When "
        "there "
        "is no such object in its namespace, no proxy gets it: a DENY denies nothing, and what an ALLOW was "
        "to "
        "guard is open.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: office, namespace: edge}
spec:
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: Gateway
    name: frnot # <<
  rules:
  - from: [{source: {remoteIpBlocks: [10.0.0.0/8]}}]
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: office, namespace: edge}
spec:
  targetRefs:
  - group: gateway.networking.k8s.io
    kind: Gateway
    name: front
  rules:
  - from: [{source: {remoteIpBlocks: [10.0.0.0/8]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
