#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Accounts can be missing only beside others: then the files hold them. Another tool may yet make this one,
/// unless it is nearly the name of one that is here.
void check_account(const Estate& estate, const Resource& owner, const Node& account, std::string path,
                   std::string_view then, Report& report) {
  if (account.text == "default" || account.text.empty() ||
      estate.find("ServiceAccount", *owner.ns, account.text) != nullptr)
    return;
  const auto& there = estate.names("ServiceAccount", *owner.ns);
  if (there.empty()) return;
  auto& finding =
      report.at(owner, account, std::move(path),
                fmt::format("namespace '{}' has no service account '{}': {}", *owner.ns, account.text, then));
  suggest(finding, account.text, there);
  if (finding.notes.empty()) finding.severity = Severity::kInfo;
}

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods())
    if (const Node* account = pods.spec->find("serviceAccountName"))
      check_account(estate, *pods.owner, *account, "spec.template.spec.serviceAccountName", "no pod is made",
                    report);
  each(estate.of("WorkloadGroup", "networking.istio.io"), "spec.template.serviceAccount",
       [&](const Resource* group, const Place& account) {
         check_account(estate, *group, account.node, account.path, "its machines get no identity", report);
       });
}

}  // namespace

extern const Rule unknown_account{
    .id = "unknown-account",
    .severity = Severity::kWarning,
    .peers = "KIA1701 non-existent-service-account",
    .title = "a workload runs under a service account that is not there",
    .why =
        "The API server makes no pod whose service account does not exist: the ReplicaSet waits, and says so "
        "in its events only. The account is the identity that policies of the mesh go by. Reported where the "
        "files hold other accounts of the namespace; an info, unless one of them has nearly the same name.",
    .bad = R"(
apiVersion: v1
kind: ServiceAccount
metadata: {name: pets, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pet # <<
      containers: [{name: pets, image: "pets:1"}]
)",
    .good = R"(
apiVersion: v1
kind: ServiceAccount
metadata: {name: pets, namespace: shop}
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
      containers: [{name: pets, image: "pets:1"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
