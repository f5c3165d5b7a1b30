#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// What a condition says when all is well. Conditions of other types may be either way.
std::string_view wanted(std::string_view type) {
  for (const auto* good : {"Accepted", "Programmed", "ResolvedRefs", "Reconciled", "PassedAnalysis"})
    if (type == good) return "True";
  return type == "Conflicted" || type == "OverlappingTLSConfig" ? "False" : "";
}

void check(const Estate& estate, Report& report) {
  for (const auto& resource : estate.all()) {
    const Node* status = resource.root.find("status");
    if (status == nullptr || !status->is_mapping()) continue;
    for (const Way& conditions : {Way("status.conditions[]"), Way("status.parents[].conditions[]"),
                                  Way("status.listeners[].conditions[]")})
      each(resource.root, conditions, [&](const Place& at) {
        const auto type = text(at.node, "type"), is = text(at.node, "status"), good = wanted(type);
        if (good.empty() || is.empty() || is == "Unknown" || is == good) return;
        const auto why = text(at.node, "message");
        report
            .at(resource, at,
                fmt::format("its controller says {}: {} ({})", type, is, text(at.node, "reason")))
            .notes = {{{}, why.empty() ? "it gives no reason in words" : std::string(why)}};
      });
  }
}

}  // namespace

extern const Rule refused_by_controller{
    .id = "refused-by-controller",
    .severity = Severity::kWarning,
    .peers = "IST0171",
    .title = "an object its controller has not taken",
    .why =
        "The API server stores what its schema allows; whether the mesh can do it is decided later, by a "
        "controller that writes its verdict into the object's status. A route that is not accepted, or whose "
        "references are not resolved, routes nothing, and nobody is told but who looks there. Status is "
        "there in what a cluster holds: validate --live, or kubectl get -o yaml.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{name: pets, port: 80}]
status:
  parents:
  - parentRef: {name: edge}
    controllerName: istio.io/gateway-controller
    conditions:
    - type: Accepted # <<
      status: "False"
      reason: NotAllowedByListeners
      message: no listener of the parent allows this route's namespace
      lastTransitionTime: "2026-01-01T00:00:00Z"
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  rules:
  - backendRefs: [{name: pets, port: 80}]
status:
  parents:
  - parentRef: {name: edge}
    controllerName: istio.io/gateway-controller
    conditions:
    - type: Accepted
      status: "True"
      reason: Accepted
      message: taken
      lastTransitionTime: "2026-01-01T00:00:00Z"
)",
    .check = check,
};

}  // namespace marty::rules::catalog
