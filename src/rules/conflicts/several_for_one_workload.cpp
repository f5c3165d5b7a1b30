#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

void check_kind(const Estate& estate, const SelectingKind& kind, Report& report) {
  std::map<const Pods*, const Resource*> first;
  for (const auto* resource : estate.of(kind.kind)) {
    const Node* labels = labels_of(*resource, kind);
    if (resource->group() != kind.group || labels == nullptr) continue;
    for (const auto* pods : chosen(estate, *resource, kind)) {
      const auto [place, fresh] = first.try_emplace(pods, resource);
      if (fresh || *place->second->ns != *resource->ns) continue;
      report
          .at(*resource, *labels, std::string(kind.labels.words()),
              fmt::format("{} '{}' selects the pods of {} '{}' too; only the older {} counts for them",
                          *resource->kind, *place->second->name, *pods->owner->kind, *pods->owner->name,
                          *resource->kind))
          .notes = {see(*place->second, "the other one")};
      break;
    }
  }
}

void check(const Estate& estate, Report& report) {
  for (const auto& kind : selecting_kinds())
    if (kind.one_per_pod) check_kind(estate, kind, report);
}

}  // namespace

extern const Rule several_for_one_workload{
    .id = "several-for-one-workload",
    .severity = Severity::kError,
    .peers = "IST0110 IST0159 KIA0003",
    .title = "two objects of a kind that counts once select the same pods",
    .why =
        "Of the Sidecars, PeerAuthentications, Telemetries and ProxyConfigs that select a pod only the "
        "oldest is "
        "used; the others do nothing, and which one is oldest changes when they are created again. Merge "
        "them, or "
        "make their selectors exclude one another.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: metrics, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}} # <<
  mtls: {mode: STRICT}
  portLevelMtls: {9000: {mode: PERMISSIVE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls: {9000: {mode: PERMISSIVE}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
