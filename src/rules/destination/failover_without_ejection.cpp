#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"), {"spec.trafficPolicy", "spec.subsets[].trafficPolicy"},
       [&](const Resource* rule, const Place& policy) {
         const Node* locality = get(policy.node, "loadBalancer.localityLbSetting");
         const bool ejects = policy.node.find("outlierDetection") != nullptr ||
                             get(rule->root, "spec.trafficPolicy.outlierDetection") != nullptr;
         if (locality == nullptr || ejects ||
             (locality->find("failover") == nullptr && locality->find("failoverPriority") == nullptr))
           return;
         report
             .at(*rule, *locality, policy.path + ".loadBalancer.localityLbSetting",
                 "without outlierDetection nobody notices that the nearer endpoints fail, so nothing fails "
                 "over")
             .notes = {{{}, "add outlierDetection to the same trafficPolicy"}};
       });
}

}  // namespace

extern const Rule failover_without_ejection{
    .id = "failover-without-ejection",
    .severity = Severity::kWarning,
    .peers = "IST0106",
    .title = "locality failover without outlier detection",
    .why =
        "Traffic leaves a locality when its endpoints are unhealthy, and for a sidecar it is outlier "
        "detection "
        "that decides so. Without it the failover order is never used.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    loadBalancer:
      localityLbSetting:
        failover: [{from: eu-west, to: eu-north}] # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    loadBalancer:
      localityLbSetting:
        failover: [{from: eu-west, to: eu-north}]
    outlierDetection: {consecutive5xxErrors: 5}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
