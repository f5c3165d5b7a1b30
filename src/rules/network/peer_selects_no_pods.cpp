#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Values that pods of the namespace have under a label.
std::vector<std::string_view> values_of(const Estate& estate, std::string_view ns, std::string_view key) {
  std::vector<std::string_view> out;
  for (const auto* pods : estate.selected(ns, {})) {
    const auto own = pods->labels.find(std::string(key));
    if (own != pods->labels.end()) out.push_back(own->second);
  }
  return out;
}

/// Reported only for what looks like a slip: other pods may be deployed from elsewhere.
void check_peer(const Estate& estate, const Resource& policy, const Place& peer, Report& report) {
  const Node* labels = get(peer.node, "podSelector.matchLabels");
  if (peer.node.find("namespaceSelector") != nullptr || !is_mapping(labels) ||
      !estate.selected(*policy.ns, labels_at(labels)).empty())
    return;
  for (std::size_t i = 0; i < labels->size(); ++i) {
    const auto [key, value] = labels->entry(i);
    const auto there = values_of(estate, *policy.ns, key.text);
    if (std::ranges::find(there, value.text) != there.end()) continue;
    const auto near = closest(value.text, there);
    if (!near) continue;
    report
        .at(policy, value, peer.path + ".podSelector.matchLabels." + key.text,
            fmt::format("no pods here have {}: {}, so this opens nothing", key.text, value.text))
        .notes = {{{}, fmt::format("did you mean '{}'?", *near)}};
    return;
  }
}

void check(const Estate& estate, Report& report) {
  each(estate.of("NetworkPolicy"), {"spec.ingress[].from[]", "spec.egress[].to[]"},
       [&](const Resource* policy, const Place& peer) { check_peer(estate, *policy, peer, report); });
}

}  // namespace

extern const Rule peer_selects_no_pods{
    .id = "peer-selects-no-pods",
    .severity = Severity::kWarning,
    .peers = "dangling-networkpolicypeer-podselector",
    .title = "a NetworkPolicy lets pods through whose label is misspelt",
    .why =
        "A peer is chosen by labels, and one that chooses no pods is an opening for nobody: the callers that "
        "were meant are dropped before any proxy sees them, and all they get is a timeout. Reported where "
        "pods "
        "of the namespace have a label that is nearly the same.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend, namespace: shop}
spec:
  selector: {matchLabels: {app: frontend}}
  template:
    metadata: {labels: {app: frontend}}
    spec:
      serviceAccountName: frontend
      containers: [{name: frontend, image: "frontend:1"}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {matchLabels: {app: fronted}} # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: frontend, namespace: shop}
spec:
  selector: {matchLabels: {app: frontend}}
  template:
    metadata: {labels: {app: frontend}}
    spec:
      serviceAccountName: frontend
      containers: [{name: frontend, image: "frontend:1"}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector: {matchLabels: {app: frontend}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
