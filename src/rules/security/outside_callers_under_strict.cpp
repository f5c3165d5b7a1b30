#include <fmt/format.h>

#include "rules/doors.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool open_to_the_outside(const Resource& service) {
  const auto type = text(service.root, "spec.type");
  return type == "LoadBalancer" || type == "NodePort";
}

/// A gateway's pods are made to be called from outside: their proxy is the application.
bool are_gateways(const Pods& pods) {
  return pods.labels.contains("istio") || pods.labels.contains("gateway.networking.k8s.io/gateway-name") ||
         pods.annotation("inject.istio.io/templates").find("gateway") != std::string_view::npos;
}

/// The first port of the Service that turns strangers away.
struct Shut {
  std::uint16_t port = 0;
  const Pods* pods = nullptr;
  ClosedDoor door;
};

std::optional<Shut> shut_port(const Estate& estate, const Doors& doors, const Resource& service) {
  const auto* known = estate.modelled(service);
  if (known == nullptr) return std::nullopt;
  for (const auto* pods : estate.pods_of(service))
    for (const auto& port : known->ports) {
      if (are_gateways(*pods)) continue;
      const auto at_pods = port.target_port != 0 ? port.target_port : port.port;
      if (auto door = doors.to_strangers(*pods, at_pods)) return Shut{port.port, pods, std::move(*door)};
    }
  return std::nullopt;
}

void check(const Estate& estate, Report& report) {
  const Doors doors(estate);
  for (const auto* service : estate.of("Service")) {
    if (!open_to_the_outside(*service)) continue;
    const auto shut = shut_port(estate, doors, *service);
    if (!shut) continue;
    report
        .at(*service, *get(service->root, "spec.type"), "spec.type",
            fmt::format(
                "callers from outside have no identity of the mesh, and port {} at the pods of '{}' {}",
                shut->port, *shut->pods->owner->name, shut->door.how))
        .notes = {{shut->door.where, std::string(shut->door.what)},
                  {{}, "let them in through a gateway, or exempt the port"}};
  }
}

}  // namespace

extern const Rule outside_callers_under_strict{
    .id = "outside-callers-under-strict",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a Service open to the outside before pods that only let sidecars in",
    .why =
        "A LoadBalancer or NodePort brings connections from outside of the cluster straight to the pods. "
        "Nobody there has an identity of the mesh, so under STRICT, or behind a Server of Linkerd's that "
        "asks "
        "for one, each of them is closed before the first request; health checks of the load balancer, too. "
        "Put a gateway in front, which is in the "
        "mesh, or exempt the port.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  type: LoadBalancer # <<
  selector: {app: pets}
  ports: [{name: http, port: 80}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 80}]}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls: {80: {mode: PERMISSIVE}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: pets}
  ports: [{name: http, port: 80}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 80}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
