#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule schema_rule{
    .id = "schema-rule",
    .severity = Severity::kError,
    .peers = "IST0106 VAL KIA1503",
    .title = "a rule of the kind itself is broken",
    .why =
        "CRDs carry rules in CEL about how fields go together, and Kubernetes has such rules for its own "
        "kinds; the API server computes them when an object is created and refuses it when one is false. "
        "The finding says the rule in words and shows the expression.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  http:
  - timeout: 0s # <<
    route: [{destination: {host: pets.example.com}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  http:
  - timeout: 10s
    route: [{destination: {host: pets.example.com}}]
)",
};

}  // namespace marty::rules::catalog
