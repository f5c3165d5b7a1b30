#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    each(profile->root, "spec.routes[]", [&](const Place& route) {
      const Node* retryable = route.node.find("isRetryable");
      const auto method = text(route.node, "condition.method");
      if (!is_true(retryable) || (method != "POST" && method != "PATCH")) return;
      report
          .at(*profile, *retryable, route.path + ".isRetryable",
              fmt::format("a {} that failed half-way may have been done: it would be done twice", method))
          .notes = {{{}, "leave it out, unless the service recognises a repeated request"}};
    });
  }
}

}  // namespace

const Rule retryable_write{
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
