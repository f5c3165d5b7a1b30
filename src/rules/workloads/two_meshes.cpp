#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* space : estate.of("Namespace")) {
    if (!estate.istio_injected(*space->name) || !estate.linkerd_injected(*space->name)) continue;
    const Node* labels = get(space->root, "metadata.labels");
    const Node* annotations = get(space->root, "metadata.annotations");
    const Node* linkerd = annotations == nullptr ? nullptr : annotations->find("linkerd.io/inject");
    if (labels == nullptr || linkerd == nullptr) continue;  // it is said of a second one of that name
    const Node* istio = labels->find("istio-injection");
    report
        .at(*space, istio != nullptr ? *istio : *labels, "metadata.labels",
            fmt::format("namespace '{}' gets sidecars of Istio and of Linkerd", *space->name))
        .notes = {see(*linkerd, "Linkerd's")};
  }
  for (const auto& pods : estate.pods()) {
    const bool istio = estate.istio_injected(pods.ns(), &pods),
               linkerd = estate.linkerd_injected(pods.ns(), &pods);
    // A namespace with both was said above.
    if (!istio || !linkerd || (estate.istio_injected(pods.ns()) && estate.linkerd_injected(pods.ns())))
      continue;
    report.object(*pods.owner, fmt::format("the pods of {} '{}' get sidecars of Istio and of Linkerd",
                                           *pods.owner->kind, *pods.owner->name));
  }
}

}  // namespace

extern const Rule two_meshes{
    .id = "two-meshes",
    .severity = Severity::kError,
    .peers = "",
    .title = "pods that get the sidecars of two meshes",
    .why =
        "Both injectors redirect all traffic of the pod to their own proxy with iptables; the rules of the "
        "second "
        "undo or loop through those of the first, and the pod becomes unreachable. Choose one mesh per pod.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio-injection: enabled # <<
  annotations:
    linkerd.io/inject: enabled
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    linkerd.io/inject: enabled
)",
    .check = check,
};

}  // namespace marty::rules::catalog
