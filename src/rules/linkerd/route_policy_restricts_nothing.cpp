#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  const auto& policies = estate.of("AuthorizationPolicy", "policy.linkerd.io");
  std::map<std::string, const Resource*> of_server;  // namespace/server
  for (const auto* policy : policies)
    if (text(policy->root, "spec.targetRef.kind") == "Server")
      of_server.emplace(fmt::format("{}/{}", *policy->ns, text(policy->root, "spec.targetRef.name")), policy);
  for (const auto* policy : policies) {
    if (text(policy->root, "spec.targetRef.kind") != "HTTPRoute") continue;
    const auto* route = estate.find("HTTPRoute", *policy->ns, text(policy->root, "spec.targetRef.name"));
    if (route == nullptr) continue;
    each(route->root, "spec.parentRefs[]", [&](const Place& parent) {
      if (text(parent.node, "kind") != "Server") return;
      const auto wider = of_server.find(fmt::format("{}/{}", *route->ns, text(parent.node, "name")));
      if (wider == of_server.end()) return;
      report
          .at(*policy, *get(policy->root, "spec.targetRef"), "spec.targetRef",
              fmt::format("'{}' allows its callers on every route of Server '{}', this one too",
                          *wider->second->name, text(parent.node, "name")))
          .notes = {see(*wider->second, "the policy of the whole Server"),
                    {{}, "to restrict a route, give every route a policy and the Server none"}};
    });
  }
}

}  // namespace

extern const Rule route_policy_restricts_nothing{
    .id = "route-policy-restricts-nothing",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a policy on a route that cannot narrow the one on its Server",
    .why =
        "Authorizations of Linkerd only add. Whoever is allowed on a Server is allowed on all of its routes; "
        "a "
        "policy on one of them can let more callers in, never keep some out.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: admin, namespace: shop}
spec:
  parentRefs: [{group: policy.linkerd.io, kind: Server, name: pets}]
  rules: [{matches: [{path: {type: PathPrefix, value: /admin}}]}]
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: everybody, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  requiredAuthenticationRefs: []
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: admins, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: HTTPRoute, name: admin} # <<
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: admin}]
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: everybody, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  requiredAuthenticationRefs: []
)",
    .check = check,
};

}  // namespace marty::rules::catalog
