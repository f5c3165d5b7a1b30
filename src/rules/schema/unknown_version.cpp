#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule unknown_version{
    .id = "unknown-version",
    .severity = Severity::kError,
    .peers = "IST0156 IST0172",
    .title = "a version in which the kind is not served",
    .why =
        "The kind exists, but not in this version of its API: it may have been removed, or never "
        "released. The finding names the versions that are served.",
    .bad = R"(
apiVersion: networking.istio.io/v2 # <<
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy: {loadBalancer: {simple: RANDOM}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy: {loadBalancer: {simple: RANDOM}}
)",
};

}  // namespace marty::rules::catalog
