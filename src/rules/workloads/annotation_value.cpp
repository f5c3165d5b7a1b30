#include <fmt/format.h>

#include <algorithm>

#include "rules/annotations.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each_pod_annotation(estate, [&](const Pods& pods, const Node& key, const Node& value) {
    const auto known = std::ranges::find(pod_annotations(), key.text, &PodAnnotation::name);
    if (known == pod_annotations().end() || !value.is_scalar() || known->takes(value.text)) return;
    // What stands in a block begins on the next line.
    report.at(*pods.owner, value.text.find('\n') == value.text.npos ? value : key,
              fmt::format("annotations.{}", key.text), fmt::format("{} takes {}", key.text, known->wanted));
  });
}

}  // namespace

extern const Rule annotation_value{
    .id = "annotation-value",
    .severity = Severity::kError,
    .peers = "IST0125",
    .title = "an annotation of Istio's with a value it does not take",
    .why =
        "Istio's injector parses these annotations when a pod is made. On a value it cannot read it refuses "
        "the whole injection: depending on the webhook the pod is rejected, or comes up without a sidecar.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations:
        traffic.sidecar.istio.io/excludeOutboundPorts: "3306;5432" # <<
        sidecar.istio.io/rewriteAppHTTPProbers: "yes" # <<
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations:
        traffic.sidecar.istio.io/excludeOutboundPorts: "3306, 5432"
        sidecar.istio.io/rewriteAppHTTPProbers: "true"
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
