#include <fmt/format.h>

#include <map>
#include <vector>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  std::map<std::string_view, std::vector<const Pods*>> with_default;
  for (const auto& pods : estate.pods()) {
    const bool meshed = estate.istio_injected(pods.ns(), &pods) || estate.linkerd_injected(pods.ns(), &pods);
    if (meshed && pods.service_account() == "default") with_default[pods.ns()].push_back(&pods);
  }
  for (const auto& [ns, all] : with_default) {
    if (all.size() < 2) continue;
    auto& finding = report.object(
        *all[1]->owner, fmt::format("{} workloads of namespace '{}' run as its default account: policies "
                                    "cannot tell them apart",
                                    all.size(), ns));
    finding.notes = {see(*all[0]->owner, "another one of them"),
                     {{}, "give each its own serviceAccountName"}};
  }
}

}  // namespace

extern const Rule shared_identity{
    .id = "shared-identity",
    .severity = Severity::kInfo,
    .peers = "default-service-account",
    .title = "workloads that share the default service account, so one identity",
    .why =
        "In both meshes the service account is the identity that a workload proves and that policies name. "
        "Workloads "
        "with one account are the same caller: whatever one of them may do, all may.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1.0"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop} # <<
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0"}]}
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web, image: "web:1.0"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {serviceAccountName: pets, containers: [{name: pets, image: "pets:1.0"}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
