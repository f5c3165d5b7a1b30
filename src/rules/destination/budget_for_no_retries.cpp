#include <map>

#include "dialect/names.hpp"
#include "rules/retries.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The first number of attempts that a VirtualService says for each host, to show.
std::map<std::string, const Node*> first_attempts(const Estate& estate) {
  std::map<std::string, const Node*> out;
  each(estate.of("VirtualService"), "spec.http[].retries.attempts",
       [&](const Resource* resource, const Place& attempts) {
         each(resource->root, "spec.hosts[]", [&](const Place& host) {
           out.emplace(dialect::fqdn(host.node.text, *resource->ns), &attempts.node);
         });
       });
  return out;
}

void check(const Estate& estate, Report& report) {
  if (!any(estate.of("DestinationRule"),
           {"spec.trafficPolicy.retryBudget", "spec.subsets[].trafficPolicy.retryBudget"}))
    return;
  const auto tries = tries_by_host(estate);
  const auto attempts = first_attempts(estate);
  each(estate.of("DestinationRule"),
       {"spec.trafficPolicy.retryBudget", "spec.subsets[].trafficPolicy.retryBudget"},
       [&](const Resource* rule, const Place& budget) {
         const auto host = dialect::fqdn(text(rule->root, "spec.host"), *rule->ns);
         const auto known = tries.find(host);
         const auto said = attempts.find(host);
         if (known == tries.end() || known->second.count != 1 || said == attempts.end()) return;
         report.at(*rule, budget, "a budget for retries, and no route to this host makes any").notes = {
             see(*said->second, "no retries"),
             {{}, "give a route retries: {attempts: 2, retryOn: …}, or leave the budget out"}};
       });
}

}  // namespace

extern const Rule budget_for_no_retries{
    .id = "budget-for-no-retries",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a retry budget for a host that nobody retries",
    .why =
        "A budget bounds retries, it makes none: that is done by the routes of a VirtualService. When each "
        "of them says attempts: 0 the budget has nothing to bound, and who reads the DestinationRule "
        "believes in retries that are not there.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    retryBudget: {percent: 20} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: pets}}]
    retries: {attempts: 2, retryOn: gateway-error}
  - route: [{destination: {host: pets}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    retryBudget: {percent: 20}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
