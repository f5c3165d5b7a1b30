#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a namespace among the files has the label; Kubernetes itself sets only
/// kubernetes.io/metadata.name.
bool anybody_has(const Estate& estate, std::string_view key, std::string_view value) {
  for (const auto* space : estate.of("Namespace")) {
    const Node* labels = get(space->root, "metadata.labels");
    const Node* own = labels == nullptr ? nullptr : labels->find(key);
    if (own != nullptr && own->is_scalar() && own->text == value) return true;
  }
  return false;
}

void check_selector(const Estate& estate, const Resource& policy, const Place& labels, Report& report) {
  for (std::size_t i = 0; is_mapping(&labels.node) && i < labels.node.size(); ++i) {
    const auto [key, value] = labels.node.entry(i);
    if ((key.text != "name" && key.text != "namespace") || anybody_has(estate, key.text, value.text))
      continue;
    auto& finding = report.at(
        policy, key, labels.path,
        fmt::format(
            "no namespace gets the label '{}' by itself, so this selects none and its traffic is dropped",
            key.text));
    finding.notes = {{{}, fmt::format("every namespace has kubernetes.io/metadata.name: {}", value.text)}};
    finding.fix = Fix{key.range(), "kubernetes.io/metadata.name"};
  }
}

void check(const Estate& estate, Report& report) {
  each(estate.of("NetworkPolicy"),
       {"spec.ingress[].from[].namespaceSelector.matchLabels",
        "spec.egress[].to[].namespaceSelector.matchLabels"},
       [&](const Resource* policy, const Place& labels) { check_selector(estate, *policy, labels, report); });
}

}  // namespace

extern const Rule namespace_label_nobody_sets{
    .id = "namespace-label-nobody-sets",
    .severity = Severity::kWarning,
    .peers = "dangling-networkpolicypeer-podselector",
    .title = "a NetworkPolicy selects namespaces by a label that nothing sets",
    .why =
        "The only label every namespace has is kubernetes.io/metadata.name. A selector on 'name' matches "
        "nothing "
        "unless somebody labels the namespace by hand, and what matches nothing is dropped: calls to the "
        "control "
        "plane, scrapes, or all callers.",
    .bad = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          name: monitoring # <<
)",
    .good = R"(
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: monitoring
)",
    .check = check,
};

}  // namespace marty::rules::catalog
