#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* service : estate.of("Service")) {
    const Node* annotations = get(service->root, "metadata.annotations");
    const Node* accrual =
        annotations == nullptr ? nullptr : annotations->find("balancer.linkerd.io/failure-accrual");
    if (accrual == nullptr) continue;
    const auto pods = estate.pods_of(*service);
    if (pods.size() != 1 || pods.front()->replicas != 1) continue;
    report
        .at(*service, *accrual, "metadata.annotations",
            fmt::format("'{}' has one endpoint: while its circuit is open every call fails", *service->name))
        .notes = {see(*pods.front()->owner, "its only pod"),
                  {{}, "run at least two replicas, or leave the breaker out"}};
  }
}

}  // namespace

extern const Rule accrual_on_single_endpoint{
    .id = "accrual-on-single-endpoint",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a Linkerd circuit breaker around a single endpoint",
    .why =
        "Failure accrual takes an endpoint out of the balancer until a probe succeeds, so that others take "
        "its calls. With one endpoint there are no others: seven failures in a row make an outage of at "
        "least the minimum penalty, for everybody, even when the endpoint has recovered.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations:
    balancer.linkerd.io/failure-accrual: consecutive # <<
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]}
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations:
    balancer.linkerd.io/failure-accrual: consecutive
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
