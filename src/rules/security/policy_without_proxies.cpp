#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 6> kOfIstio{"AuthorizationPolicy",   "PeerAuthentication",
                                                   "RequestAuthentication", "Sidecar",
                                                   "EnvoyFilter",           "WasmPlugin"};

/// Gateways and waypoints carry out Istio's policies without having been injected.
bool is_proxy(const Pods& pods) {
  bool found =
      pods.labels.contains("gateway.networking.k8s.io/gateway-name") || pods.labels.contains("istio");
  each(*pods.spec, "containers[].name", [&](const Place& name) { found |= name.node.text == "istio-proxy"; });
  return found;
}

void check_istio(const Estate& estate, const Resource& policy, const SelectingKind& kind, Report& report) {
  const Resource* space = estate.find("Namespace", "", *policy.ns);
  if (space == nullptr || *policy.ns == estate.settings().root_namespace || is_ambient(estate, *policy.ns))
    return;
  const auto pods = chosen(estate, policy, kind);
  const bool carried_out = std::ranges::any_of(
      pods, [&](const Pods* one) { return estate.istio_injected(one->ns(), one) || is_proxy(*one); });
  if (pods.empty() || carried_out) return;
  report
      .object(policy, fmt::format("none of its pods has a sidecar: nobody carries out this {}", *policy.kind))
      .notes = {see(*space, "the namespace asks for none"),
                {{}, "label it istio-injection: enabled, and restart its pods"}};
}

void check_linkerd(const Estate& estate, const Resource& server, const SelectingKind& kind, Report& report) {
  const Resource* space = estate.find("Namespace", "", *server.ns);
  const auto pods = chosen(estate, server, kind);
  if (space == nullptr || pods.empty()) return;
  for (const auto* one : pods)
    if (estate.linkerd_injected(one->ns(), one)) return;
  report
      .object(server, "none of its pods has Linkerd's proxy: nobody carries out what is said of this Server")
      .notes = {see(*space, "the namespace asks for none"),
                {{}, "annotate it linkerd.io/inject: enabled, and restart its pods"}};
}

void check(const Estate& estate, Report& report) {
  for (const auto& kind : selecting_kinds()) {
    const bool of_istio = std::ranges::count(kOfIstio, kind.kind) > 0;
    if (!of_istio && kind.kind != "Server") continue;
    for (const auto* resource : estate.of(kind.kind, kind.group)) {
      if (of_istio && get(resource->root, "spec.targetRefs") == nullptr)
        check_istio(estate, *resource, kind, report);
      if (!of_istio) check_linkerd(estate, *resource, kind, report);
    }
  }
}

}  // namespace

extern const Rule policy_without_proxies{
    .id = "policy-without-proxies",
    .severity = Severity::kWarning,
    .peers = "IST0102 IST0103 IST0167",
    .title = "a policy for pods that have no proxy to carry it out",
    .why =
        "Policies are carried out by proxies. A namespace that is not injected has none, so the API server "
        "takes the policy, every tool shows it, and requests pass as if it were not there. Reported only "
        "where the Namespace itself is among the files.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: pets # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {namespaces: [web]}}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {namespaces: [web]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
