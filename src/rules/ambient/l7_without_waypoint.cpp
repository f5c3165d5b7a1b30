#include <fmt/format.h>

#include <array>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// What of an AuthorizationPolicy only HTTP has: ztunnel, which sees connections, cannot judge it.
constexpr std::array<std::string_view, 6> kOperations{"hosts",      "notHosts", "methods",
                                                      "notMethods", "paths",    "notPaths"};

const Node* first_http_field(const Resource& policy, std::string& path) {
  const Node* found = nullptr;
  const auto take = [&](const Node& node, std::string where) {
    if (found == nullptr) found = &node, path = std::move(where);
  };
  each(policy.root, "spec.rules[].to[].operation", [&](const Place& operation) {
    for (const auto field : kOperations)
      if (const Node* node = operation.node.find(field))
        take(*node, operation.path + "." + std::string(field));
  });
  each(policy.root, "spec.rules[].from[].source.requestPrincipals",
       [&](const Place& at) { take(at.node, at.path); });
  each(policy.root, "spec.rules[].when[].key", [&](const Place& at) {
    if (at.node.text.starts_with("request.")) take(at.node, at.path);
  });
  return found;
}

/// It names waypoints by targetRefs, or gateways by their labels: they read requests.
bool is_for_gateways(const Resource& resource) {
  const Node* labels = get(resource.root, "spec.selector.matchLabels");
  if (labels != nullptr &&
      (labels->find("istio") != nullptr || labels->find("gateway.networking.k8s.io/gateway-name") != nullptr))
    return true;
  return get(resource.root, "spec.targetRefs") != nullptr || get(resource.root, "spec.targetRef") != nullptr;
}

void check(const Estate& estate, Report& report) {
  if (!any_ambient(estate)) return;
  for (const auto* policy : estate.of("AuthorizationPolicy", "security.istio.io")) {
    if (!is_ambient(estate, *policy->ns) || is_for_gateways(*policy)) continue;
    std::string path;
    if (const Node* field = first_http_field(*policy, path))
      report.at(*policy, *field, path, "ztunnel sees connections and no requests: it cannot check this")
          .notes = {{{}, "name a waypoint or Service in spec.targetRefs, so that a waypoint checks it"}};
  }
  // Telemetry for a whole namespace reaches its waypoint; a selector finds pods, which have no proxy.
  for (const auto* telemetry : estate.of("Telemetry", "telemetry.istio.io")) {
    const Node* selector = get(telemetry->root, "spec.selector");
    if (selector != nullptr && is_ambient(estate, *telemetry->ns) && !is_for_gateways(*telemetry))
      report
          .at(*telemetry, *selector, "spec.selector",
              "these pods have no proxy of their own: what they trace and measure does not change")
          .notes = {{{}, "name the waypoint or Service in spec.targetRefs"}};
  }
  for (const auto* kind : {"RequestAuthentication", "WasmPlugin", "TrafficExtension", "EnvoyFilter"})
    for (const auto* policy : estate.of(kind))
      if (is_ambient(estate, *policy->ns) && !is_for_gateways(*policy))
        report
            .object(*policy,
                    fmt::format("nobody in '{}' carries out a {}: its pods have no proxy of their own",
                                *policy->ns, kind))
            .notes = {{{}, "give it spec.targetRefs with a waypoint or Service"}};
}

}  // namespace

extern const Rule l7_without_waypoint{
    .id = "l7-without-waypoint",
    .severity = Severity::kWarning,
    .peers = "KIA0109 KIA0110 KIA1110 KIA1111 KIA1112 KIA1115 KIA1116 KIA1117 KIA1317",
    .title = "a policy about requests in an ambient namespace, without a waypoint to check it",
    .why =
        "In ambient mode ztunnel judges connections: who calls which port. Methods, paths, headers and "
        "tokens "
        "are for a waypoint, which takes only the policies whose targetRefs name it or its Services. A "
        "selector leaves such a policy with ztunnel: an ALLOW then matches nothing and so denies, and a DENY "
        "denies more than it says.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - to: [{operation: {methods: [GET]}}] # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: waypoint}]
  rules:
  - to: [{operation: {methods: [GET]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
