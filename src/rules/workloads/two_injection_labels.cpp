#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Pods name a revision, and their namespace has chosen already.
void check_pods(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    const Node* own = pods.metadata == nullptr ? nullptr : get(*pods.metadata, "labels");
    const Node* revision = own == nullptr ? nullptr : own->find("istio.io/rev");
    const Resource* space = estate.find("Namespace", "", pods.ns());
    const Node* labels = space == nullptr ? nullptr : get(space->root, "metadata.labels");
    if (revision == nullptr || labels == nullptr) continue;
    for (const auto name : {"istio-injection", "istio.io/rev"}) {
      const Node* chosen = labels->find(name);
      if (chosen == nullptr || chosen->text == "disabled" || chosen->text == revision->text) continue;
      report
          .at(*pods.owner, *revision, "spec.template.metadata.labels.istio.io/rev",
              "the namespace has chosen a revision already, and this one is not looked at")
          .notes = {see(*chosen, "the label that counts"),
                    {{}, "to let pods choose, take the label from the namespace"}};
      break;
    }
  }
}

void check(const Estate& estate, Report& report) {
  check_pods(estate, report);
  for (const auto* space : estate.of("Namespace")) {
    const Node* labels = get(space->root, "metadata.labels");
    const Node* injection = labels == nullptr ? nullptr : labels->find("istio-injection");
    const Node* revision = labels == nullptr ? nullptr : labels->find("istio.io/rev");
    if (injection == nullptr || revision == nullptr) continue;
    report
        .at(*space, *revision, "metadata.labels",
            "istio-injection is here too, and then istio.io/rev is not looked at")
        .notes = {see(*injection, "the label that counts"), {{}, "keep one of them"}};
  }
}

}  // namespace

extern const Rule two_injection_labels{
    .id = "two-injection-labels",
    .severity = Severity::kWarning,
    .peers = "IST0123",
    .title = "two of Istio's injection labels, of which one is not looked at",
    .why =
        "istio-injection takes precedence over istio.io/rev: pods get their proxy from the default revision, "
        "not from the one that is named. A namespace's label takes precedence over one on its pods. During "
        "an "
        "upgrade that means that nothing is upgraded.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio-injection: enabled
    istio.io/rev: canary # <<
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels:
        app: pets
        istio.io/rev: canary # <<
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1"}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio.io/rev: canary
)",
    .check = check,
};

}  // namespace marty::rules::catalog
