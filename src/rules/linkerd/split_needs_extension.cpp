#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* split : estate.of("TrafficSplit", "split.smi-spec.io")) {
    const auto apex = text(split->root, "spec.service");
    report
        .at(*split, *get(split->root, "kind"), "kind",
            "only the linkerd-smi extension reads a TrafficSplit; without it nothing is split")
        .notes = {
        {{},
         fmt::format("the extension makes a ServiceProfile of it, which switches off the HTTPRoutes, the "
                     "breaker and the retry annotations of '{}'",
                     apex)},
        {{}, "an HTTPRoute with weighted backendRefs, its parent the Service, needs no extension"}};
  }
}

}  // namespace

extern const Rule split_needs_extension{
    .id = "split-needs-extension",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a TrafficSplit works only where Linkerd's SMI extension is installed",
    .why =
        "Linkerd's control plane does not know SMI. Its extension linkerd-smi, declared deprecated, turns a "
        "TrafficSplit (v1alpha1 or v1alpha2) into a ServiceProfile; where it is missing, the API server may "
        "still take the object and all traffic goes to the Service itself. A ServiceProfile also takes "
        "precedence over HTTPRoutes and over annotations for breakers, retries and timeouts. HTTPRoutes "
        "split "
        "traffic in Linkerd itself.",
    .bad = R"(
apiVersion: split.smi-spec.io/v1alpha2
kind: TrafficSplit # <<
metadata: {name: pets, namespace: shop}
spec:
  service: pets
  backends:
  - {service: pets-v1, weight: 90}
  - {service: pets-v2, weight: 10}
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: pets, port: 80}]
  rules:
  - backendRefs:
    - {name: pets-v1, port: 80, weight: 90}
    - {name: pets-v2, port: 80, weight: 10}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
