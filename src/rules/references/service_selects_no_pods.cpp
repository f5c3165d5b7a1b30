#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* resource : estate.of("Service")) {
    const Node* selector = get(resource->root, "spec.selector");
    if (selector == nullptr || selector->size() == 0 || !estate.has_pods(*resource->ns)) continue;
    if (!estate.pods_of(*resource).empty()) continue;
    report
        .at(*resource, *selector, "spec.selector",
            fmt::format("Service '{}' selects none of the pods here: every request to it gets 503",
                        *resource->name))
        .notes = {{{}, "compare with the labels of the pod templates in its namespace"}};
  }
}

}  // namespace

extern const Rule service_selects_no_pods{
    .id = "service-selects-no-pods",
    .severity = Severity::kWarning,
    .peers = "dangling-service",
    .title = "a Service without pods behind it",
    .why =
        "The endpoints of a Service are the ready pods whose labels its selector names. With none, sidecars "
        "answer 503 (UH, no healthy upstream) and clients without one cannot connect. A Service without any "
        "selector is left alone: its endpoints come from elsewhere.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pet} # <<
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
