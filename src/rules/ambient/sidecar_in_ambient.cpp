#include <fmt/format.h>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* space : estate.of("Namespace")) {
    if (!is_ambient(estate, *space->name) || !estate.istio_injected(*space->name)) continue;
    const Node* labels = get(space->root, "metadata.labels");
    const Node* ambient = labels == nullptr ? nullptr : labels->find("istio.io/dataplane-mode");
    const Node* injection = labels == nullptr ? nullptr : labels->find("istio-injection");
    if (injection == nullptr && labels != nullptr) injection = labels->find("istio.io/rev");
    if (ambient == nullptr || injection == nullptr) continue;  // it is said of a second one of that name
    report
        .at(*space, *injection, "metadata.labels",
            "the namespace is ambient, and this injects sidecars into its pods: the sidecar wins")
        .notes = {see(*ambient, "ambient is said here"), {{}, "keep one of the two labels"}};
  }
  for (const auto& pods : estate.pods()) {
    const auto own = pods.labels.find("istio.io/dataplane-mode");
    if (own != pods.labels.end() && own->second == "ambient" && estate.istio_injected(pods.ns(), &pods)) {
      report.object(*pods.owner, "these pods are labelled as ambient and get a sidecar: the sidecar wins")
          .notes = {{{}, "add sidecar.istio.io/inject: \"false\" to their labels, or drop the other one"}};
      continue;
    }
    if (!is_ambient(estate, pods.ns()) || estate.istio_injected(pods.ns())) continue;
    if (estate.istio_injected(pods.ns(), &pods))
      report
          .object(*pods.owner,
                  fmt::format("these pods ask for a sidecar in the ambient namespace '{}'", pods.ns()))
          .notes = {{{}, "pods with a sidecar use no waypoint: policies for it pass them by"}};
  }
}

}  // namespace

extern const Rule sidecar_in_ambient{
    .id = "sidecar-in-ambient",
    .severity = Severity::kWarning,
    .peers = "KIA1311 KIA1316",
    .title = "sidecars in a namespace that is ambient",
    .why =
        "A pod with a sidecar is not captured by ztunnel, and its sidecar sends past waypoints. Half of the "
        "namespace then follows other policies than the other half. Mixing is meant for a migration; at its "
        "end one label has to go.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio.io/dataplane-mode: ambient
    istio-injection: enabled # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio.io/dataplane-mode: ambient
)",
    .check = check,
};

}  // namespace marty::rules::catalog
