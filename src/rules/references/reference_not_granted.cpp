#include <fmt/format.h>

#include <set>

#include "rules/parents.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether some ReferenceGrant of the namespace lets a kind of that origin refer to the Service.
bool granted(const std::vector<const Resource*>& grants, const Resource& route, std::string_view service) {
  for (const auto* grant : grants) {
    bool from = false, to = false;
    each(grant->root, "spec.from[]", [&](const Place& one) {
      from = from || (text(one.node, "kind") == *route.kind && text(one.node, "namespace") == *route.ns);
    });
    each(grant->root, "spec.to[]", [&](const Place& one) {
      const auto name = text(one.node, "name");
      to = to || (text(one.node, "kind") == "Service" && (name.empty() || name == service));
    });
    if (from && to) return true;
  }
  return false;
}

void check(const Estate& estate, Report& report) {
  std::map<std::string_view, std::vector<const Resource*>> grants;
  for (const auto* grant : estate.of("ReferenceGrant")) grants[*grant->ns].push_back(grant);
  std::set<const Resource*> seen;
  each_gateway_parent(estate, [&](const GatewayParent& parent) {
    const auto& route = parent.route;
    if (!seen.insert(&route).second) return;
    each(route.root, "spec.rules[].backendRefs[]", [&](const Place& ref) {
      const auto ns = text(ref.node, "namespace"), kind = text(ref.node, "kind"),
                 name = text(ref.node, "name");
      if (ns.empty() || ns == *route.ns || (!kind.empty() && kind != "Service")) return;
      // The files must hold the other side: then a grant would be among them.
      const auto* service = estate.find("Service", ns, name);
      if (service == nullptr || granted(grants[ns], route, name)) return;
      report
          .at(route, ref,
              fmt::format(
                  "namespace '{}' does not let a {} of '{}' lead to its Service '{}': callers get 500", ns,
                  *route.kind, *route.ns, name))
          .notes = {see(*service, "the Service"),
                    {{},
                     fmt::format("a ReferenceGrant in '{}' from {} of namespace '{}' to Service allows it",
                                 ns, *route.kind, *route.ns)}};
    });
  });
}

}  // namespace

extern const Rule reference_not_granted{
    .id = "reference-not-granted",
    .severity = Severity::kError,
    .peers = "",
    .title = "a gateway's route leads into a namespace that has not allowed it",
    .why =
        "A route may lead to a Service of another namespace only when a ReferenceGrant there says so; "
        "otherwise anybody who may write routes could open somebody else's Service. The reference is left "
        "out, "
        "the status says RefNotPermitted, and that share of the requests is answered 500.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: edge}
spec:
  parentRefs: [{name: front}]
  rules:
  - backendRefs:
    - {name: pets, namespace: shop, port: 80} # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: edge, namespace: shop}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: edge}]
  to: [{group: "", kind: Service}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: edge}
spec:
  parentRefs: [{name: front}]
  rules:
  - backendRefs:
    - {name: pets, namespace: shop, port: 80}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
