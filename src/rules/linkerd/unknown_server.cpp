#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto kind : {"AuthorizationPolicy", "HTTPLocalRateLimitPolicy"}) {
    for (const auto* policy : estate.of(kind, "policy.linkerd.io")) {
      const Node* target = get(policy->root, "spec.targetRef");
      if (target == nullptr || text(*target, "kind") != "Server") continue;
      const auto name = text(*target, "name");
      if (estate.find("Server", *policy->ns, name) != nullptr) continue;
      auto& finding = report.at(
          *policy, *target, "spec.targetRef",
          fmt::format("namespace '{}' has no Server '{}': this is never in force", *policy->ns, name));
      suggest(finding, name, estate.names("Server", *policy->ns));
    }
  }
}

}  // namespace

extern const Rule unknown_server{
    .id = "unknown-server",
    .severity = Severity::kError,
    .peers = "",
    .title = "a Linkerd policy whose Server is not there",
    .why =
        "Policies of Linkerd act on a Server of their own namespace: a port of some pods. Without the Server "
        "nothing is limited, and traffic that only this policy would have allowed is refused.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pet} # <<
  total: {requestsPerSecond: 100}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80}
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  total: {requestsPerSecond: 100}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
