#include <fmt/format.h>

#include "rules/rule.hpp"
#include "rules/subsets.hpp"

namespace marty::rules::catalog {
namespace {

struct Version {
  std::uint64_t pods = 0;
  std::int64_t weight = 0;
  const Node* where = nullptr;
};

/// A version whose share of the traffic is more than three times its share of the pods.
void check_route(const Resource& resource, const Place& route, const std::vector<Version>& versions,
                 Report& report) {
  std::uint64_t pods = 0;
  std::int64_t weight = 0;
  for (const auto& version : versions) {
    pods += version.pods;
    weight += version.weight;
  }
  if (versions.size() < 2 || pods == 0 || weight <= 0) return;
  for (const auto& version : versions) {
    if (version.pods == 0 || version.where == nullptr) continue;
    const double traffic = static_cast<double>(version.weight) / static_cast<double>(weight);
    const double share = static_cast<double>(version.pods) / static_cast<double>(pods);
    if (traffic <= 3 * share) continue;
    report.at(resource, *version.where, route.path,
              fmt::format("{:.0f} % of the requests go to {} of {} pods: each takes {:.1f} times its share",
                          100 * traffic, version.pods, pods, traffic / share));
  }
}

void check(const Estate& estate, Report& report) {
  const Subsets subsets(estate);
  for (const auto* resource : estate.of("VirtualService")) {
    each(resource->root, "spec.http[].route", [&](const Place& route) {
      std::vector<Version> versions;
      each(route.node, "[]", [&](const Place& to) {
        const auto host = text(to.node, "destination.host");
        const auto* service = estate.service(host, *resource->ns);
        if (service == nullptr) return;
        std::uint64_t pods = 0;
        for (const auto* some : subsets.pods(*service, text(to.node, "destination.subset")))
          pods += some->replicas;
        versions.push_back({pods, number(to.node, "weight").value_or(0), to.node.find("weight")});
      });
      check_route(*resource, route, versions, report);
    });
  }
}

}  // namespace

extern const Rule canary_without_pods{
    .id = "canary-without-pods",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a version gets far more of the traffic than of the pods",
    .why =
        "Weights split requests, not load: a canary with half of the traffic and a tenth of the pods runs "
        "each of "
        "its pods at five times the load of the others, and fails for a reason that has nothing to do with "
        "its "
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
