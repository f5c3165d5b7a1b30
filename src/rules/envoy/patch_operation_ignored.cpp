#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Ignored {
  std::string_view operation;
  std::array<std::string_view, 5> targets;
  std::string_view instead;
};
constexpr std::array<Ignored, 5> kIgnored{
    {{"REPLACE",
      {"CLUSTER", "HTTP_ROUTE", "ROUTE_CONFIGURATION", "LISTENER", "FILTER_CHAIN"},
      "REPLACE is for filters and virtual hosts; MERGE changes the fields you name"},
     {"ADD",
      {"ROUTE_CONFIGURATION"},
      "virtual hosts and routes are added with applyTo: VIRTUAL_HOST or HTTP_ROUTE"},
     {"REMOVE", {"ROUTE_CONFIGURATION"}, "its virtual hosts and routes can be removed one by one"},
     {"INSERT_BEFORE",
      {"CLUSTER", "ROUTE_CONFIGURATION", "LISTENER"},
      "these have no order; use ADD or MERGE"},
     {"INSERT_AFTER",
      {"CLUSTER", "ROUTE_CONFIGURATION", "LISTENER"},
      "these have no order; use ADD or MERGE"}}};

void check(const Estate& estate, Report& report) {
  each(estate.of("EnvoyFilter"), "spec.configPatches[]", [&](const Resource* filter, const Place& patch) {
    const Node* operation = get(patch.node, "patch.operation");
    const auto target = text(patch.node, "applyTo");
    if (operation == nullptr || target.empty()) return;
    for (const auto& ignored : kIgnored) {
      if (operation->text != ignored.operation ||
          std::ranges::find(ignored.targets, target) == ignored.targets.end())
        continue;
      report
          .at(*filter, *operation, patch.path + ".patch.operation",
              fmt::format("a {} is not changed by {}: the patch is left out", target, operation->text))
          .notes = {{{}, std::string(ignored.instead)}};
    }
  });
}

}  // namespace

extern const Rule patch_operation_ignored{
    .id = "patch-operation-ignored",
    .severity = Severity::kError,
    .peers = "IST0152 IST0153 IST0154",
    .title = "an EnvoyFilter's operation that its target does not know",
    .why =
        "Each part of Envoy's configuration can be patched in some ways only: a cluster can be added, "
        "removed "
        "and merged into, a route configuration only merged into, and only filters and virtual hosts can be "
        "replaced. istiod leaves out other operations without a word.",
    .bad = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  priority: 10
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND}
    patch:
      operation: REPLACE # <<
      value: {connect_timeout: 1s}
)",
    .good = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  priority: 10
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND}
    patch:
      operation: MERGE
      value: {connect_timeout: 1s}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
