#include <fmt/format.h>

#include "rules/rule.hpp"
#include "rules/splits.hpp"

namespace marty::rules::catalog {
namespace {

/// A version whose share of the traffic is more than three times its share of the pods.
void check_split(const Split& split, Report& report) {
  std::uint64_t pods = 0;
  std::int64_t weight = 0;
  for (const auto& side : split.sides) {
    pods += side.replicas();
    weight += side.weight;
  }
  if (pods == 0 || weight <= 0) return;
  for (const auto& side : split.sides) {
    if (side.replicas() == 0 || side.weigh == nullptr) continue;
    const double traffic = static_cast<double>(side.weight) / static_cast<double>(weight);
    const double share = static_cast<double>(side.replicas()) / static_cast<double>(pods);
    if (traffic <= 3 * share) continue;
    report.at(split.resource, *side.weigh, split.path(side) + ".weight",
              fmt::format("{:.0f} % of the requests go to {} of {} pods: each takes {:.1f} times its share",
                          100 * traffic, side.replicas(), pods, traffic / share));
  }
}

void check(const Estate& estate, Report& report) {
  each_split(estate, [&](const Split& split) { check_split(split, report); });
}

}  // namespace

extern const Rule canary_without_pods{
    .id = "canary-without-pods",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a version gets far more of the traffic than of the pods",
    .why =
        "Weights split requests, not load: a canary with half of the traffic and a tenth of the pods runs "
        "each of its pods at five times its share, and fails for a reason that has nothing to do with its "
        "code. Scale it with its weight.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets, subset: v1}, weight: 50}
    - destination: {host: pets, subset: v2}
      weight: 50 # <<
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets-v1, namespace: shop}
spec:
  replicas: 9
  selector: {matchLabels: {app: pets, version: v1}}
  template:
    metadata: {labels: {app: pets, version: v1}}
    spec: {containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets-v2, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: pets, version: v2}}
  template:
    metadata: {labels: {app: pets, version: v2}}
    spec: {containers: [{name: pets, image: "pets:2.0", ports: [{containerPort: 80}]}]}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
