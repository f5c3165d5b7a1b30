#include <fmt/format.h>

#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  std::set<const Pods*> seen;
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service)) {
      if (!seen.insert(pods).second) continue;
      bool probed = false;
      each(*pods->spec, "containers[].readinessProbe", [&](const Place&) { probed = true; });
      if (!probed)
        report
            .object(*pods->owner,
                    fmt::format("requests for '{}' reach these pods before they are ready", *service->name))
            .notes = {see(*service, "the Service"), {{}, "give the container a readinessProbe"}};
    }
}

}  // namespace

extern const Rule no_readiness_probe{
    .id = "no-readiness-probe",
    .severity = Severity::kInfo,
    .peers = "no-readiness-probe",
    .title = "pods behind a Service without a readiness probe",
    .why =
        "Without a readinessProbe a pod counts as ready when its process runs. Sidecars send to it at once, "
        "and every rollout shows as a burst of 503, which retries then hide and outlier detection answers "
        "by taking the new pods out.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pets # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
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
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, readinessProbe: {tcpSocket: {port: 80}}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
