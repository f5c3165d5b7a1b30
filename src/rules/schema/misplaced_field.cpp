#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule misplaced_field{
    .id = "misplaced-field",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a field of this kind at a place where it does not belong",
    .why =
        "The name is right and the place is wrong, mostly by indentation or because a level was left "
        "out. The API server does not look for it there: the object is refused or the field dropped. The "
        "finding says where the field belongs.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  outlierDetection: {consecutive5xxErrors: 5} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5}
)",
};

}  // namespace marty::rules::catalog
