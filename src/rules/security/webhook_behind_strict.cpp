#include <fmt/format.h>

#include <array>

#include "rules/doors.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Where objects tell the API server to call a Service.
struct Called {
  std::string_view kind, service;
};
constexpr std::array<Called, 4> kCalled{
    {{"ValidatingWebhookConfiguration", "webhooks[].clientConfig.service"},
     {"MutatingWebhookConfiguration", "webhooks[].clientConfig.service"},
     {"CustomResourceDefinition", "spec.conversion.webhook.clientConfig.service"},
     {"APIService", "spec.service"}}};

void check(const Estate& estate, Report& report) {
  const Doors doors(estate);
  for (const auto& called : kCalled)
    for (const auto* resource : estate.of(called.kind))
      each(resource->root, called.service, [&](const Place& at) {
        const auto name = text(at.node, "name"), ns = text(at.node, "namespace");
        const auto* service = estate.find("Service", ns, name);
        if (service == nullptr) return;
        const auto port = number(at.node, "port").value_or(443);
        const auto closed = doors.to_strangers(*service, port);
        if (!closed) return;
        report
            .at(*resource, at,
                fmt::format(
                    "the API server calls '{}.{}' without an identity of the mesh, and port {} there {}",
                    name, ns, port, closed->how))
            .notes = {
            {closed->where, std::string(closed->what)},
            see(*service, "the Service"),
            {{},
             "such a port has TLS of its own: let the sidecar pass it by, with the annotation "
             "traffic.sidecar.istio.io/excludeInboundPorts or config.linkerd.io/skip-inbound-ports"}};
      });
}

}  // namespace

extern const Rule webhook_behind_strict{
    .id = "webhook-behind-strict",
    .severity = Severity::kError,
    .peers = "",
    .title = "the API server calls pods that only let sidecars in",
    .why =
        "Webhooks and aggregated APIs are called by the API server, which is in no mesh: its TLS is not that "
        "of a sidecar. Under STRICT, and where a Server of Linkerd's asks for identities, the connection is "
        "closed, every call fails, and with failurePolicy Fail "
        "nobody can create or change what the webhook watches; the pods of the webhook may be among it. "
        "Such a port has its own TLS: let the sidecar pass it by.",
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
metadata: {name: guard, namespace: shop}
spec:
  selector: {app: guard}
  ports: [{name: https, port: 443, targetPort: 9443}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: guard, namespace: shop}
spec:
  selector: {matchLabels: {app: guard}}
  template:
    metadata: {labels: {app: guard}}
    spec:
      serviceAccountName: guard
      containers: [{name: guard, image: guard:1, ports: [{containerPort: 9443}]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
- name: guard.example.com
  clientConfig:
    service: {name: guard, namespace: shop, path: /check} # <<
  rules:
  - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  sideEffects: None
  admissionReviewVersions: [v1]
)",
    .good = R"(
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
metadata: {name: guard, namespace: shop}
spec:
  selector: {app: guard}
  ports: [{name: https, port: 443, targetPort: 9443}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: guard, namespace: shop}
spec:
  selector: {matchLabels: {app: guard}}
  template:
    metadata:
      labels: {app: guard}
      annotations: {traffic.sidecar.istio.io/excludeInboundPorts: "9443"}
    spec:
      serviceAccountName: guard
      containers: [{name: guard, image: guard:1, ports: [{containerPort: 9443}]}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
- name: guard.example.com
  clientConfig:
    service: {name: guard, namespace: shop, path: /check}
  rules:
  - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}
  sideEffects: None
  admissionReviewVersions: [v1]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
