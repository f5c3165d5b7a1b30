#include <fmt/format.h>

#include "rules/mtls.hpp"
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

/// Pods of the Service that close connections to a port of its without a certificate.
struct Closed {
  const Pods* pods = nullptr;
  Sourced<policy::MtlsMode> mode;
};

std::optional<Closed> closed_at(const Estate& estate, const Resource& service,
                                const mesh::ServicePort& port) {
  const auto at_pods = port.target_port != 0 ? port.target_port : port.port;
  for (const auto* pods : estate.pods_of(service)) {
    if (!estate.istio_injected(pods->ns(), pods) || are_gateways(*pods) || passed_by(*pods, at_pods))
      continue;
    const auto mode = mtls_mode(estate, *pods, at_pods);
    if (*mode == policy::MtlsMode::kStrict) return Closed{pods, mode};
  }
  return std::nullopt;
}

void check(const Estate& estate, Report& report) {
  for (const auto* service : estate.of("Service")) {
    if (!open_to_the_outside(*service)) continue;
    const auto* known = estate.model().service(*service->name + "." + *service->ns + ".svc.cluster.local");
    if (known == nullptr) continue;
    for (const auto& port : known->ports) {
      const auto closed = closed_at(estate, *service, port);
      if (!closed) continue;
      report
          .at(*service, *get(service->root, "spec.type"), "spec.type",
              fmt::format("callers from outside have no certificate of the mesh, and the pods of '{}' take "
                          "mutual TLS only at port {}",
                          *closed->pods->owner->name, port.port))
          .notes = {{{closed->mode.origin, 6}, "STRICT is said here"},
                    {{}, "let them in through a gateway, or exempt the port with portLevelMtls"}};
      break;  // one finding for a Service
    }
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
        "Nobody there has a certificate of the mesh, so under STRICT each of them is closed before the "
        "first request; health checks of the load balancer, too. Put a gateway in front, which is in the "
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
