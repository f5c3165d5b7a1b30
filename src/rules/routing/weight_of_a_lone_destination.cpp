#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[].route", [&](const Resource* resource, const Place& route) {
    if (!route.node.is_sequence() || route.node.size() != 1) return;
    const Node* weight = route.node.children[0].find("weight");
    if (weight == nullptr || weight->text == "100") return;
    report.at(*resource, *weight, route.path + "[0].weight",
              fmt::format("this destination is alone: it gets every request, not {} of 100", weight->text));
  });
}

}  // namespace

extern const Rule weight_of_a_lone_destination{
    .id = "weight-of-a-lone-destination",
    .severity = Severity::kInfo,
    .peers = "KIA1104",
    .title = "a weight on the only destination of a route says nothing",
    .why =
        "With one destination every request goes there whatever its weight; a weight of 10 does not mean "
        "that 90 % go elsewhere. Leave the weight out, or add the destination that was meant to get the "
        "rest.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - destination: {host: pets, subset: v2}
      weight: 10 # <<
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets: [{name: v2, labels: {version: v2}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets, subset: v1}, weight: 90}
    - {destination: {host: pets, subset: v2}, weight: 10}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
