#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    const Node* routes = get(profile->root, "spec.routes");
    if (routes == nullptr || routes->size() == 0) continue;
    report
        .at(*profile, *routes, "spec.routes",
            "calls to this host have no circuit breaker: a ServiceProfile with routes has none")
        .notes = {{{}, "HTTPRoutes with balancer.linkerd.io/failure-accrual on the Service have one"}};
  }
}

}  // namespace

extern const Rule profile_without_breaker{
    .id = "profile-without-breaker",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a Service with a ServiceProfile cannot have a circuit breaker",
    .why =
        "A ServiceProfile knows retries, budgets and timeouts; it breaks no circuit, and with routes in it "
        "failure accrual is off for the whole Service. A retry budget bounds how much is sent again, but a "
        "failing endpoint stays in the pool. Who wants it taken out describes the Service with HTTPRoutes.",
    .bad = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - {name: list, condition: {method: GET, pathRegex: /pets}, isRetryable: true} # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations: {balancer.linkerd.io/failure-accrual: consecutive}
spec:
  ports: [{name: http, port: 8080}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
