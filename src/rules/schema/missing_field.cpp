#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule missing_field{
    .id = "missing-field",
    .severity = Severity::kError,
    .peers = "IST0106 VAL LW",
    .title = "something that is needed is not there",
    .why =
        "The API server refuses objects without their required fields, and choices of which one must be "
        "made. A field written with an empty value or null counts as absent.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  trafficPolicy: # <<
    tls: {mode: ISTIO_MUTUAL}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
)",
};

}  // namespace marty::rules::catalog
