#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Policies for whole namespaces: of each the first.
std::map<std::string_view, const Resource*> wide_policies(const Estate& estate) {
  std::map<std::string_view, const Resource*> out;
  for (const auto* policy : estate.of("AuthorizationPolicy", "security.istio.io"))
    if (get(policy->root, "spec.selector") == nullptr && get(policy->root, "spec.targetRefs") == nullptr)
      out.emplace(*policy->ns, policy);
  for (const auto* peer : estate.of("PeerAuthentication", "security.istio.io"))
    if (get(peer->root, "spec.selector") == nullptr && text(peer->root, "spec.mtls.mode") == "STRICT")
      out.emplace(*peer->ns, peer);
  return out;
}

std::set<const Pods*> called(const Estate& estate) {
  std::set<const Pods*> out;
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service)) out.insert(pods);
  return out;
}

/// Where the pods say that they want no sidecar.
const Node* opted_out(const Pods& pods) {
  for (const auto field : {"labels", "annotations"}) {
    const Node* all = pods.metadata == nullptr ? nullptr : pods.metadata->find(field);
    const Node* said = all == nullptr ? nullptr : all->find("sidecar.istio.io/inject");
    if (said != nullptr) return said->text == "false" ? said : nullptr;
  }
  return nullptr;
}

void check(const Estate& estate, Report& report) {
  const auto policies = wide_policies(estate);
  if (policies.empty()) return;
  const auto serving = called(estate);
  for (const auto& pods : estate.pods()) {
    const auto policy = policies.find(pods.ns());
    const Node* said = opted_out(pods);
    if (said == nullptr || policy == policies.end() || !serving.contains(&pods) ||
        is_ambient(estate, pods.ns()) || !estate.istio_injected(pods.ns()))
      continue;
    report
        .at(*pods.owner, *said, "spec.template.metadata",
            fmt::format(
                "these pods are called and have no sidecar: the {} of their namespace does not hold for them",
                *policy->second->kind))
        .notes = {see(*policy->second, "it is for the whole namespace"),
                  {{}, "a NetworkPolicy is what can guard them"}};
  }
}

}  // namespace

extern const Rule outside_of_policies{
    .id = "outside-of-policies",
    .severity = Severity::kWarning,
    .peers = "IST0103",
    .title = "pods behind a Service that have left the mesh, in a namespace with policies for all",
    .why =
        "A policy without a selector reads as if nothing in the namespace were left out. It is carried out "
        "by "
        "sidecars: pods that opted out of them are reached by anybody, in plain text, whatever STRICT and "
        "ALLOW say.",
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
metadata: {name: cache, namespace: shop}
spec: {selector: {app: cache}, ports: [{name: tcp, port: 6379}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache, namespace: shop}
spec:
  selector: {matchLabels: {app: cache}}
  template:
    metadata:
      labels:
        app: cache
        sidecar.istio.io/inject: "false" # <<
    spec:
      serviceAccountName: cache
      containers: [{name: cache, image: "cache:1", ports: [{containerPort: 6379}]}]
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
metadata: {name: cache, namespace: shop}
spec: {selector: {app: cache}, ports: [{name: tcp, port: 6379}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache, namespace: shop}
spec:
  selector: {matchLabels: {app: cache}}
  template:
    metadata:
      labels:
        app: cache
    spec:
      serviceAccountName: cache
      containers: [{name: cache, image: "cache:1", ports: [{containerPort: 6379}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
