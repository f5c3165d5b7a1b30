#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    const Node* host = pods.spec->find("hostNetwork");
    if (!is_true(host)) continue;
    if (!estate.istio_injected(pods.ns(), &pods) && !estate.linkerd_injected(pods.ns(), &pods)) continue;
    report
        .at(*pods.owner, *host, "spec.hostNetwork",
            "pods in the node's own network get no sidecar, whatever the namespace says")
        .notes = {{{}, "to others they are callers without identity: STRICT and policies keep them out"}};
  }
}

}  // namespace

extern const Rule host_network_in_mesh{
    .id = "host-network-in-mesh",
    .severity = Severity::kInfo,
    .peers = "host-network",
    .title = "pods of a meshed namespace that use the node's network",
    .why =
        "Redirecting traffic to a sidecar inside the node's network would catch that of the whole node, so "
        "both injectors pass such pods by. They call and are called in plain text, and no policy of the "
        "mesh holds for them.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      hostNetwork: true # <<
      serviceAccountName: agent
      containers: [{name: agent, image: agent:1}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      serviceAccountName: agent
      containers: [{name: agent, image: agent:1}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
