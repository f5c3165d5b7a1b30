#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/rule.hpp"
#include "rules/splits.hpp"

namespace marty::rules::catalog {
namespace {

/// Pods that both lead to; nullptr when there are none.
const Pods* shared(const SplitSide& a, const SplitSide& b) {
  const auto both = std::ranges::find_first_of(a.pods, b.pods);
  return both == a.pods.end() ? nullptr : *both;
}

/// A split has few sides, so all pairs are looked at.
void check_split(const Split& split, Report& report) {
  const auto& sides = split.sides;
  for (std::size_t i = 1; i < sides.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto* pods = shared(sides[i], sides[j]);
      if (pods == nullptr || sides[i].name() == sides[j].name()) continue;  // same-destination-twice
      report
          .at(split.resource, *sides[i].where, split.path(sides[i]),
              fmt::format("'{}' and '{}' both lead to the pods of '{}': the weights do not say who gets what",
                          sides[j].name(), sides[i].name(), *pods->owner->name))
          .notes = {see(*sides[j].where, "the other side"),
                    see(*pods->owner, "pods of both"),
                    {{}, "select each version by a label that the other does not have"}};
      return;  // one finding for a split
    }
  }
}

void check(const Estate& estate, Report& report) {
  // Argo's Rollouts narrow the selectors of both Services themselves.
  std::set<std::string_view> rolled_out;
  for (const auto* rollout : estate.of("Rollout")) rolled_out.insert(*rollout->ns);
  each_split(estate, [&](const Split& split) {
    if (!rolled_out.contains(*split.resource.ns)) check_split(split, report);
  });
}

}  // namespace

extern const Rule split_versions_overlap{
    .id = "split-versions-overlap",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "two sides of a split that lead to the same pods",
    .why =
        "Weights choose a side; what runs there is up to its selector. When the stable Service selects the "
        "application's label only, the canary's pods are behind it as well: 10 % go to the canary, and of "
        "the other 90 % a share for each of its pods. Taking the weight to 0 does not take the canary out. "
        "Select each version by a label of its own.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: pets-canary, namespace: shop}
spec:
  selector: {app: pets, track: canary}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 9
  selector: {matchLabels: {app: pets, track: stable}}
  template:
    metadata: {labels: {app: pets, track: stable}}
    spec: {containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets-canary, namespace: shop}
spec:
  selector: {matchLabels: {app: pets, track: canary}}
  template:
    metadata: {labels: {app: pets, track: canary}}
    spec: {containers: [{name: pets, image: "pets:2.0", ports: [{containerPort: 80}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets}, weight: 90}
    - {destination: {host: pets-canary}, weight: 10} # <<
)",
    .good = R"(
apiVersion: v1
kind: ServiceAccount
metadata: {name: pets, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets, track: stable}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: pets-canary, namespace: shop}
spec:
  selector: {app: pets, track: canary}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 9
  selector: {matchLabels: {app: pets, track: stable}}
  template:
    metadata: {labels: {app: pets, track: stable}}
    spec: {containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets-canary, namespace: shop}
spec:
  selector: {matchLabels: {app: pets, track: canary}}
  template:
    metadata: {labels: {app: pets, track: canary}}
    spec: {containers: [{name: pets, image: "pets:2.0", ports: [{containerPort: 80}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets}, weight: 90}
    - {destination: {host: pets-canary}, weight: 10}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
