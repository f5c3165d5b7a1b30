#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    const Node* budget = get(profile->root, "spec.retryBudget");
    if (budget == nullptr) continue;
    bool retries = false;
    each(profile->root, "spec.routes[].isRetryable",
         [&](const Place& place) { retries = retries || is_true(&place.node); });
    if (retries) continue;
    report.at(*profile, *budget, "spec.retryBudget", "a budget for retries, and no route may be retried")
        .notes = {{{}, "set isRetryable: true on routes that may be sent twice, such as GETs"}};
  }
}

}  // namespace

extern const Rule budget_without_retries{
    .id = "budget-without-retries",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a retry budget without a retryable route",
    .why =
        "retryBudget only bounds retries; it causes none. Linkerd retries a request when its route says "
        "isRetryable: true, and routes do not by default. The budget belongs to the whole profile: there is "
        "none "
        "for a single route.",
    .bad = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  retryBudget:
    retryRatio: 0.2 # <<
    minRetriesPerSecond: 5
    ttl: 10s
  routes:
  - {name: read, condition: {method: GET}}
)",
    .good = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  retryBudget: {retryRatio: 0.2, minRetriesPerSecond: 5, ttl: 10s}
  routes:
  - {name: read, condition: {method: GET}, isRetryable: true}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
