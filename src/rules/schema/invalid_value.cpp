#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule invalid_value{
    .id = "invalid-value",
    .severity = Severity::kError,
    .peers = "IST0106 VAL LW",
    .title = "a value that is none of those allowed, or not of their form",
    .why =
        "The field takes one of a list of words, or texts of a certain form such as DNS names. The API "
        "server refuses anything else; words differ in capitals too.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBBIN} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
)",
};

}  // namespace marty::rules::catalog
