#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule experimental_field{
    .id = "experimental-field",
    .severity = Severity::kWarning,
    .title = "a field that only the experimental channel of Gateway API has",
    .why =
        "Clusters mostly have the standard channel of Gateway API; there this field is unknown, and the "
        "object is refused or the field dropped. Install the experimental CRDs on purpose, or do without "
        "the field.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  hostnames: [pets.example.com]
  rules:
  - sessionPersistence: {sessionName: pets} # <<
    backendRefs: [{name: pets, port: 80}]
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  hostnames: [pets.example.com]
  rules:
  - backendRefs: [{name: pets, port: 80}]
)",
};

}  // namespace marty::rules::catalog
