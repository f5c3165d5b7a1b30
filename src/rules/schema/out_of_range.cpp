#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule out_of_range{
    .id = "out-of-range",
    .severity = Severity::kError,
    .peers = "IST0106 VAL LW",
    .title = "a number, a length or a count outside its bounds",
    .why =
        "The API server holds numbers, lengths of texts and lengths of lists against the bounds of the "
        "schema and refuses what is below or above. The finding says the bounds.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  hostnames: [pets.example.com]
  rules:
  - backendRefs:
    - {name: pets, port: 80800} # <<
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  hostnames: [pets.example.com]
  rules:
  - backendRefs:
    - {name: pets, port: 8080}
)",
};

}  // namespace marty::rules::catalog
