#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
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
    .title = "a namespace with both of Istio's injection labels",
    .why =
        "istio-injection takes precedence over istio.io/rev: pods get their proxy from the default revision, "
        "not "
        "from the one that is named. During an upgrade that means that nothing is upgraded.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio-injection: enabled
    istio.io/rev: canary # <<
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
