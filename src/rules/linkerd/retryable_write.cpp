#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a condition lets POST or PATCH pass; what 'any' and 'not' let pass is not guessed.
bool may_write(const Node* condition) {
  if (condition == nullptr || condition->find("any") || condition->find("not")) return false;
  const auto method = text(*condition, "method");
  if (!method.empty()) return method == "POST" || method == "PATCH";
  const Node* all = condition->find("all");
  return all == nullptr || std::all_of(all->children.begin(), all->children.end(),
                                       [](const Node& part) { return may_write(&part); });
}

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    each(profile->root, "spec.routes[]", [&](const Place& route) {
      const Node* retryable = route.node.find("isRetryable");
      const auto method = text(route.node, "condition.method");
      if (!is_true(retryable) || !may_write(route.node.find("condition"))) return;
      report
          .at(*profile, *retryable, route.path + ".isRetryable",
              fmt::format("a {} that failed half-way may have been done: it would be done twice",
                          method.empty() ? "POST (the condition takes every method)" : method))
          .notes = {{{}, "retry the routes of GET, HEAD and OPTIONS, unless the service recognises repeats"}};
    });
  }
}

}  // namespace

extern const Rule retryable_write{
    .id = "retryable-write",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a ServiceProfile retries a request that is not idempotent",
    .why =
        "isRetryable sends the request again after a failure, whatever its method. A failed POST may have "
        "been "
        "carried out before its answer was lost, and then there are two orders.",
    .bad = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: adopt
    condition: {method: POST, pathRegex: /adoptions}
    isRetryable: true # <<
  - name: everything-else
    condition: {pathRegex: /.*}
    isRetryable: true # <<
)",
    .good = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: list
    condition: {method: GET, pathRegex: /adoptions}
    isRetryable: true
  - {name: adopt, condition: {method: POST, pathRegex: /adoptions}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
