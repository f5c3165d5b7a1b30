#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

/// The pods that agree with most of the labels: the likeliest to have been meant.
const Pods* nearest(const Estate& estate, const Resource& resource, const mesh::Labels& labels) {
  const Pods* best = nullptr;
  std::size_t most = 0;
  for (const auto* pods : estate.selected(*resource.ns, {})) {
    std::size_t equal = 0;
    for (const auto& [key, value] : labels) {
      const auto own = pods->labels.find(key);
      if (own != pods->labels.end() && own->second == value) ++equal;
    }
    if (equal > most) std::tie(best, most) = std::pair{pods, equal};
  }
  return best;
}

void check(const Estate& estate, Report& report) {
  for (const auto& kind : selecting_kinds()) {
    for (const auto* resource : estate.of(kind.kind, kind.group)) {
      const Node* labels = labels_of(*resource, kind);
      if (labels == nullptr || !chosen(estate, *resource, kind).empty() || !estate.has_pods(*resource->ns))
        continue;
      auto& finding = report.at(
          *resource, *labels, std::string(kind.labels.words()),
          fmt::format("this {} selects none of the pods here, so it does nothing", *resource->kind));
      if (const auto* pods = nearest(estate, *resource, labels_at(labels)))
        finding.notes.push_back(
            see(*pods->metadata->find("labels"),
                fmt::format("the pods of {} '{}' come closest", *pods->owner->kind, *pods->owner->name)));
    }
  }
}

}  // namespace

extern const Rule selects_no_pods{
    .id = "selects-no-pods",
    .severity = Severity::kWarning,
    .peers = "IST0127 KIA0004 dangling-networkpolicy",
    .title = "a policy whose selector matches no pod",
    .why =
        "A policy acts on the pods whose labels it names, in its own namespace. One that names labels nobody "
        "has is accepted, looks right and protects nothing. Compare with the labels of the pod template, not "
        "of "
        "the Deployment itself.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector:
    matchLabels: {app: pet, tier: api} # <<
  mtls: {mode: STRICT}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets, tier: api}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector:
    matchLabels: {app: pets, tier: api}
  mtls: {mode: STRICT}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets, tier: api}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
