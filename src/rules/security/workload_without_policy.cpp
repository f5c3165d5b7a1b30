#include <algorithm>

#include "rules/guards.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  if (std::ranges::none_of(estate.pods(), &Pods::in_istio)) return;
  const Guards guards(estate);
  if (guards.any_in(estate.settings().root_namespace)) return;
  for (const auto& pods : estate.pods()) {
    if (!guards.any_in(pods.ns()) || !pods.in_istio) continue;
    bool serves = false;
    each(*pods.spec, "containers[].ports[]", [&](const Place&) { serves = true; });
    if (serves && !guards.any_for(pods))
      report.object(*pods.owner, "others here are guarded by an AuthorizationPolicy, and these pods by none")
          .notes = {{{},
                     "a policy without rules and selector closes the namespace, and each workload opens for "
                     "its callers"}};
  }
}

}  // namespace

extern const Rule workload_without_policy{
    .id = "workload-without-policy",
    .severity = Severity::kInfo,
    .peers = "KIA1301",
    .title = "a workload that no authorization policy covers, beside others that are covered",
    .why =
        "Without an AuthorizationPolicy a sidecar lets everybody in. In a namespace where policies guard the "
        "other workloads, one that was forgotten is the way around them.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: prices # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: prices}}
  template:
    metadata: {labels: {app: prices}}
    spec:
      serviceAccountName: prices
      containers: [{name: prices, image: prices:1, ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {namespaces: [web]}}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shop, namespace: shop}
spec:
  rules:
  - from: [{source: {namespaces: [web]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
