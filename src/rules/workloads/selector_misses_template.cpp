#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    const Node* wanted = get(pods.owner->root, "spec.selector.matchLabels");
    if (wanted == nullptr || !wanted->is_mapping() || mesh::selects(labels_at(wanted), pods.labels)) continue;
    const Node* own = pods.metadata == nullptr ? nullptr : pods.metadata->find("labels");
    auto& finding = report.at(*pods.owner, *wanted, "spec.selector.matchLabels",
                              "the pods this makes do not have the labels it selects: the API refuses it");
    if (own != nullptr) finding.notes = {see(*own, "their labels")};
  }
}

}  // namespace

extern const Rule selector_misses_template{
    .id = "selector-misses-template",
    .severity = Severity::kError,
    .peers = "mismatching-selector",
    .title = "a controller whose selector does not match its own pods",
    .why =
        "A Deployment, StatefulSet or DaemonSet finds its pods by the selector, so the template has to carry "
        "those "
        "labels; the API server rejects the object otherwise.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector:
    matchLabels: {app: pets} # <<
  template:
    metadata: {labels: {app: pet}}
    spec: {containers: [{name: pets, image: "pets:1.0"}]}
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector:
    matchLabels: {app: pets}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0"}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
