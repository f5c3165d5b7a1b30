#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/principal.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether anything among the files has or uses the account; unknown when its namespace has no pods here. Of
/// the mesh's own namespace the files seldom hold all: what an installer put there is not among them.
bool exists(const Estate& estate, const Principal& who) {
  if (who.ns == estate.settings().root_namespace) return true;
  if (estate.find("ServiceAccount", who.ns, who.account) != nullptr || !estate.has_pods(who.ns)) return true;
  for (const auto* pods : estate.selected(who.ns, {}))
    if (pods->service_account() == who.account) return true;
  return false;
}

void check_one(const Estate& estate, const Resource& policy, const Place& principal, Report& report) {
  const auto who = principal_in(principal.node.text);
  if (!who || principal.node.text.find('*') != principal.node.text.npos || exists(estate, *who)) return;
  auto& finding =
      report.at(policy, principal,
                fmt::format("namespace '{}' has no service account '{}': nobody can be this caller", who->ns,
                            who->account));
  suggest(finding, who->account, estate.names("ServiceAccount", who->ns));
}

/// "account", of the policy's namespace, or "namespace/account".
void check_account(const Estate& estate, const Resource& policy, const Place& account, Report& report) {
  const std::string_view said = account.node.text;
  const auto slash = said.find('/');
  const Principal who{{},
                      slash == said.npos ? std::string_view(*policy.ns) : said.substr(0, slash),
                      slash == said.npos ? said : said.substr(slash + 1)};
  if (exists(estate, who)) return;
  suggest(report.at(policy, account,
                    fmt::format("namespace '{}' has no service account '{}': nobody can be this caller",
                                who.ns, who.account)),
          who.account, estate.names("ServiceAccount", who.ns));
}

void check(const Estate& estate, Report& report) {
  each(
      estate.of("AuthorizationPolicy", "security.istio.io"),
      {"spec.rules[].from[].source.serviceAccounts[]", "spec.rules[].from[].source.notServiceAccounts[]"},
      [&](const Resource* policy, const Place& account) { check_account(estate, *policy, account, report); });
  each(
      estate.of("AuthorizationPolicy", "security.istio.io"),
      {"spec.rules[].from[].source.principals[]", "spec.rules[].from[].source.notPrincipals[]"},
      [&](const Resource* policy, const Place& principal) { check_one(estate, *policy, principal, report); });
}

}  // namespace

extern const Rule unknown_principal{
    .id = "unknown-principal",
    .severity = Severity::kWarning,
    .peers = "KIA0106 non-existent-service-account",
    .title = "a policy names a caller that does not exist",
    .why =
        "A principal is a service account: cluster.local/ns/<namespace>/sa/<account>. When no pod can have "
        "it the "
        "rule never matches: an ALLOW keeps its caller out, a DENY protects from nobody.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/wbe]}}] # <<
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: "web:1.0"}]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: "web:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
