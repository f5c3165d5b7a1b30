#include <fmt/format.h>

#include "rules/annotations.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each_pod_annotation(estate, [&](const Pods& pods, const Node& key, const Node& value) {
    if (key.text != "sidecar.istio.io/proxyImage" && key.text != "config.linkerd.io/proxy-version") return;
    report
        .at(*pods.owner, value, "metadata.annotations." + key.text,
            fmt::format("these pods keep proxy '{}' whatever the control plane becomes", value.text))
        .notes = {{{}, "without the annotation the injector takes the one that goes with it"}};
  });
}

}  // namespace

extern const Rule pinned_proxy_image{
    .id = "pinned-proxy-image",
    .severity = Severity::kInfo,
    .peers = "IST0158",
    .title = "pods whose proxy does not follow upgrades",
    .why =
        "A proxy that is pinned by an annotation stays as it is when the mesh is upgraded, and soon is older "
        "than its control plane supports: it lacks fields it is sent, and fixes of security. Pin one to try "
        "something out, not to run it.",
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
        sidecar.istio.io/proxyImage: docker.io/istio/proxyv2:1.22.0 # <<
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1"}]
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
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
