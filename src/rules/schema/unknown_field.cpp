#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule unknown_field{
    .id = "unknown-field",
    .severity = Severity::kError,
    .peers = "IST0106 VAL KL-schema-validation",
    .title = "a field that its kind does not have",
    .why =
        "A field that nobody knows is dropped when the object is stored, so what it was meant to switch "
        "on stays off and nothing says so; kubectl with --validate=strict, its default, refuses the "
        "object. Most are slips of the finger: the finding names the field that was likely meant.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    connectionPool:
      tcp: {maxConnection: 50} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 50}
)",
};

}  // namespace marty::rules::catalog
