#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  std::map<std::pair<std::string_view, mesh::Labels>, const Resource*> first;
  for (const auto* group : estate.of("WorkloadGroup")) {
    const Node* node = get(group->root, "spec.metadata.labels");
    const auto labels = labels_at(node);
    if (labels.empty()) continue;
    const auto [known, fresh] = first.try_emplace({*group->ns, labels}, group);
    if (!fresh)
      report
          .at(*group, *node, "spec.metadata.labels",
              fmt::format("WorkloadGroup '{}' gives its machines the same labels", *known->second->name))
          .notes = {see(*known->second, "the other one"), {{}, "tell them apart by one label, such as app"}};
  }
}

}  // namespace

extern const Rule equal_workload_groups{
    .id = "equal-workload-groups",
    .severity = Severity::kWarning,
    .peers = "KIA1702",
    .title = "two WorkloadGroups give their machines equal labels",
    .why =
        "Services and policies choose machines by their labels. When two groups give the same ones, whatever "
        "selects one group's machines selects the other's, too: requests for the one arrive at the other.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: pets, namespace: shop}
spec:
  metadata: {labels: {app: pets}}
  template: {serviceAccount: pets}
---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: orders, namespace: shop}
spec:
  metadata:
    labels: {app: pets} # <<
  template: {serviceAccount: orders}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: pets, namespace: shop}
spec:
  metadata: {labels: {app: pets}}
  template: {serviceAccount: pets}
---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: orders, namespace: shop}
spec:
  metadata:
    labels: {app: orders}
  template: {serviceAccount: orders}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
