#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* scaler : estate.of("HorizontalPodAutoscaler")) {
    const Node* target = get(scaler->root, "spec.scaleTargetRef");
    if (target == nullptr || !estate.has_pods(*scaler->ns)) continue;
    const auto kind = text(*target, "kind"), name = text(*target, "name");
    if (kind != "Deployment" && kind != "StatefulSet" && kind != "ReplicaSet") continue;
    if (estate.find(kind, *scaler->ns, name) != nullptr) continue;
    auto& finding = report.at(*scaler, *target, "spec.scaleTargetRef",
                              fmt::format("namespace '{}' has no {} '{}' to scale", *scaler->ns, kind, name));
    suggest(finding, name, estate.names(kind, *scaler->ns));
  }
}

}  // namespace

extern const Rule scales_nothing{
    .id = "scales-nothing",
    .severity = Severity::kWarning,
    .peers = "dangling-horizontalpodautoscaler",
    .title = "an autoscaler whose target is not there",
    .why =
        "The autoscaler looks its target up by kind and name in its own namespace. When there is none it "
        "does "
        "nothing but log, and the workload keeps the size it has under any load.",
    .bad = R"(
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: pets, namespace: shop}
spec:
  minReplicas: 2
  maxReplicas: 8
  scaleTargetRef:
    apiVersion: apps/v1 # <<
    kind: Deployment
    name: pet
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0"}]}
)",
    .good = R"(
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: pets, namespace: shop}
spec:
  minReplicas: 2
  maxReplicas: 8
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: pets}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0"}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
