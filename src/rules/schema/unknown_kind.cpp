#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule unknown_kind{
    .id = "unknown-kind",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a kind that its API group does not have",
    .why =
        "The group is one whose kinds are all known, and this is none of them: kubectl will answer that "
        "there are no matches for it. Kinds of other groups are not judged; give their definitions with "
        "--crd to have their objects checked.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRules # <<
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
