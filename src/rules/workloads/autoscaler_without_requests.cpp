#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// A limit is also the request when none is written.
bool asks_for(const Node& container, const Way& what) {
  const Node* requests = get(container, "resources.requests");
  const Node* limits = get(container, "resources.limits");
  return (requests != nullptr && get(*requests, what) != nullptr) ||
         (limits != nullptr && get(*limits, what) != nullptr);
}

void check_metric(const Estate& estate, const Resource& scaler, const Place& metric, Report& report) {
  const auto what = text(metric.node, "resource.name");
  const Node* share = get(metric.node, "resource.target.averageUtilization");
  if (what.empty() || share == nullptr) return;
  const auto* pods = estate.made_by(text(scaler.root, "spec.scaleTargetRef.kind"), *scaler.ns,
                                    text(scaler.root, "spec.scaleTargetRef.name"));
  if (pods == nullptr) return;
  each(*pods->spec, "containers[]", [&](const Place& container) {
    if (asks_for(container.node, what)) return;
    report
        .at(scaler, *share, metric.path + ".resource.target.averageUtilization",
            fmt::format(
                "a share of what container '{}' requests, and it requests no {}: nothing is ever scaled",
                text(container.node, "name"), what))
        .notes = {see(*pods->owner, "these pods"),
                  {{}, fmt::format("give it resources.requests.{}, or scale by averageValue", what)}};
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("HorizontalPodAutoscaler"), "spec.metrics[]",
       [&](const Resource* scaler, const Place& metric) { check_metric(estate, *scaler, metric, report); });
}

}  // namespace

extern const Rule autoscaler_without_requests{
    .id = "autoscaler-without-requests",
    .severity = Severity::kWarning,
    .peers = "unset-cpu-requirements unset-memory-requirements",
    .title = "an autoscaler goes by a share of a request that nobody has made",
    .why =
        "Utilization is what a pod uses as a share of what its containers request. When one of them requests "
        "nothing the autoscaler has no number and does nothing: the limits per pod that the mesh's policies "
        "were chosen for are all there is.",
    .bad = R"(
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
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: pets, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: pets}
  maxReplicas: 5
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}} # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: pets, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: pets}
  maxReplicas: 5
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
