#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"), "spec.subsets[]", [&](const Resource* rule, const Place& subset) {
    const Node* labels = subset.node.find("labels");
    if (labels != nullptr && labels->size() > 0) return;
    report
        .at(*rule, subset,
            fmt::format("subset '{}' has no labels: it is every pod of the host", text(subset.node, "name")))
        .notes = {
        {{}, "fine when it is there for a trafficPolicy of its own; to split by version, add labels"}};
  });
}

}  // namespace

extern const Rule subset_without_labels{
    .id = "subset-without-labels",
    .severity = Severity::kInfo,
    .peers = "KIA0209",
    .title = "a subset that is all of its host",
    .why =
        "A subset's labels say which pods belong to it; without any, all do. Two such subsets give a canary "
        "the same pods as the rest, and the shares of a split mean nothing. As a second set of limits for "
        "the "
        "same pods it is all right.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets:
  - name: v1 # <<
  - {name: v2, labels: {version: v2}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
