#include <fmt/format.h>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_host(const Estate& estate, const Resource& resource, const Place& host, bool from_root,
                Report& report) {
  const auto* service = estate.service(host.node.text, *resource.ns);
  if (service == nullptr || *resource.ns == *service->ns) return;
  const auto waypoint = waypoint_namespace(estate, *service);
  if (waypoint.empty() || *resource.ns == waypoint) return;
  if (from_root && *resource.ns == estate.settings().root_namespace) return;
  report
      .at(resource, host,
          fmt::format("the waypoint of '{}' takes no {} from namespace '{}'", *service->name, *resource.kind,
                      *resource.ns))
      .notes = {see(*service, fmt::format("it takes those of '{}', where the Service is", *service->ns))};
}

void check(const Estate& estate, Report& report) {
  if (!any_ambient(estate)) return;
  each(estate.of("VirtualService"), "spec.hosts[]", [&](const Resource* routes, const Place& host) {
    if (get(routes->root, "spec.gateways") == nullptr) check_host(estate, *routes, host, false, report);
  });
  each(estate.of("DestinationRule"), "spec.host",
       [&](const Resource* rule, const Place& host) { check_host(estate, *rule, host, true, report); });
}

}  // namespace

extern const Rule waypoint_passes_by{
    .id = "waypoint-passes-by",
    .severity = Severity::kWarning,
    .peers = "KIA0212 KIA1114",
    .title = "routes or limits in a namespace whose objects the waypoint does not take",
    .why =
        "A sidecar takes what is written in its own namespace, that of the caller. A waypoint belongs to the "
        "called side: it takes VirtualServices and DestinationRules of the Service's namespace and of its "
        "own. "
        "What a caller wrote for itself is in force for callers with sidecars only, and gone after the move "
        "to "
        "ambient mode.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: web}
spec:
  hosts:
  - pets.shop.svc.cluster.local # <<
  http: [{timeout: 2s, route: [{destination: {host: pets.shop.svc.cluster.local}}]}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts:
  - pets.shop.svc.cluster.local
  http: [{timeout: 2s, route: [{destination: {host: pets.shop.svc.cluster.local}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
