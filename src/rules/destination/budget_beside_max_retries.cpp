#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_policy(const Resource& rule, const Place& policy, Report& report) {
  const Node* budget = policy.node.find("retryBudget");
  const Node* limit = get(policy.node, "connectionPool.http.maxRetries");
  if (budget == nullptr || limit == nullptr) return;
  report
      .at(rule, *limit, policy.path + ".connectionPool.http.maxRetries",
          "maxRetries is not looked at: the retryBudget beside it takes its place")
      .notes = {see(*budget, "the budget"), {{}, "keep one of them"}};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"), {"spec.trafficPolicy", "spec.subsets[].trafficPolicy"},
       [&](const Resource* rule, const Place& policy) { check_policy(*rule, policy, report); });
}

}  // namespace

extern const Rule budget_beside_max_retries{
    .id = "budget-beside-max-retries",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a retry budget and a limit on retries for one host",
    .why =
        "Envoy bounds retries by a share of the active requests (retryBudget) or by a number (maxRetries), "
        "not by both: with a budget the number is ignored. Who tunes maxRetries here changes nothing.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.shop.svc.cluster.local
  trafficPolicy:
    retryBudget: {percent: 20}
    connectionPool:
      http: {maxRetries: 10} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.shop.svc.cluster.local
  trafficPolicy:
    retryBudget: {percent: 20}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
