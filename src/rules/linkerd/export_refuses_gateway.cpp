#include <fmt/format.h>

#include <algorithm>

#include "rules/admission.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr const char* kGateway = "linkerd-multicluster/linkerd-gateway";

/// The label that has other clusters mirror a Service over a gateway; nullptr: it is not exported so.
const Node* exported(const Resource& service) {
  const Node* labels = get(service.root, "metadata.labels");
  const Node* label = is_mapping(labels) ? labels->find("mirror.linkerd.io/exported") : nullptr;
  return label != nullptr && label->text == "true" ? label : nullptr;
}

/// Whether somebody may send requests that the gateway may not, and the gateway none but those that anybody
/// may send, such as the kubelet's.
bool refuses_gateway(const Admission& door) {
  if (!door.predictable()) return false;
  bool others_may = false;
  const auto callers = door.callers();
  for (const auto& path : door.paths())
    for (const auto& method : door.methods()) {
      const auto may = [&](const Caller& caller) { return door.ask(caller, method, path).in; };
      if (may(kNoIdentity)) continue;
      if (may(kGateway)) return false;
      others_may = others_may || std::any_of(callers.begin(), callers.end(), may);
    }
  return others_may;
}

/// The place that refuses the gateway at every port of the Service; nothing when one lets it in, or when
/// nobody knows.
std::optional<Origin> refusal(const InboundPrograms& doors, const mesh::Service& service) {
  std::optional<Origin> first;
  for (const auto* workload : doors.behind(service)) {
    for (const auto& port : service.ports) {
      if (port.name.find("metrics") != port.name.npos) continue;
      const Admission door(doors.at(*workload, port.target_port ? port.target_port : port.port),
                           "cluster.local");
      if (!refuses_gateway(door)) return std::nullopt;
      if (!first) first = door.program().hosts.front().origin;
    }
  }
  return first;
}

void check(const Estate& estate, Report& report) {
  if (estate.model().mesh_kind != mesh::MeshKind::kLinkerd) return;
  std::optional<InboundPrograms> doors;
  for (const auto* resource : estate.of("Service")) {
    const Node* label = exported(*resource);
    if (label == nullptr) continue;
    const auto* service = estate.modelled(*resource);
    if (!doors) doors.emplace(estate);
    const auto where = service == nullptr ? std::nullopt : refusal(*doors, *service);
    if (!where) continue;
    report
        .at(*resource, *label, "metadata.labels.mirror.linkerd.io/exported",
            fmt::format(
                "'{}' is mirrored over a gateway, and its pods refuse the gateway: 403 for every other "
                "cluster",
                *resource->name))
        .notes = {
        {{*where, 0}, "what guards the port"},
        {{},
         "let in linkerd-gateway.linkerd-multicluster.serviceaccount.identity.linkerd.cluster.local, or "
         "export with remote-discovery on a flat network"}};
  }
}

}  // namespace

extern const Rule export_refuses_gateway{
    .id = "export-refuses-gateway",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a Service that other clusters mirror refuses the gateway they come through",
    .why =
        "With `mirror.linkerd.io/exported: \"true\"` requests of other clusters come through this cluster's "
        "gateway, which ends mutual TLS and begins it anew: to the pods every caller over there is the "
        "gateway. Policies that name the callers themselves refuse them all. Let the gateway's identity in "
        "where that is meant; on one flat network `remote-discovery` has pods ask pods, and identities stay "
        "what they are.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  labels:
    mirror.linkerd.io/exported: "true" # <<
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, port: 80, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: web}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: cart}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {mirror.linkerd.io/exported: "true"}}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, port: 80, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {name: web, namespace: shop}
spec:
  identities:
  - cart.shop.serviceaccount.identity.linkerd.cluster.local
  - linkerd-gateway.linkerd-multicluster.serviceaccount.identity.linkerd.cluster.local
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: web}
  requiredAuthenticationRefs: [{group: policy.linkerd.io, kind: MeshTLSAuthentication, name: web}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
