#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    if (estate.istio_injected(pods.ns(), &pods) || estate.find("Namespace", "", pods.ns()) == nullptr)
      continue;
    each(*pods.spec, "containers[].image", [&](const Place& image) {
      if (image.node.text == "auto")
        report.at(*pods.owner, image, "only the injector replaces 'auto', and it does not touch these pods")
            .notes = {
            {{},
             "label the namespace istio-injection: enabled, or the pods sidecar.istio.io/inject: \"true\""}};
    });
  }
}

}  // namespace

extern const Rule auto_image_not_injected{
    .id = "auto-image-not-injected",
    .severity = Severity::kError,
    .peers = "IST0146 IST0147",
    .title = "the image 'auto' in pods that are not injected",
    .why =
        "image: auto is a placeholder for gateways: Istio's injector puts the proxy's image there. Without "
        "injection "
        "the kubelet looks for an image called auto and never starts the pod.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: edge}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata: {labels: {istio: edge}}
    spec:
      containers:
      - name: istio-proxy
        image: auto # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: edge}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata: {labels: {istio: edge, sidecar.istio.io/inject: "true"}}
    spec:
      containers:
      - name: istio-proxy
        image: auto
)",
    .check = check,
};

}  // namespace marty::rules::catalog
