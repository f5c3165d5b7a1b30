#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule conflicting_fields{
    .id = "conflicting-fields",
    .severity = Severity::kError,
    .peers = "IST0106 VAL LW",
    .title = "fields that exclude each other",
    .why =
        "Of these fields an object may have one at most, because each answers the same question in "
        "another way. Schemas say so with oneOf; the API server refuses an object with two of them.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    loadBalancer:
      simple: RANDOM
      consistentHash: {useSourceIp: true} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    loadBalancer:
      consistentHash: {useSourceIp: true}
)",
};

}  // namespace marty::rules::catalog
