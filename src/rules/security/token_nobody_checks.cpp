#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

const SelectingKind& kind_named(std::string_view name) {
  const auto kinds = selecting_kinds();
  return *std::ranges::find_if(kinds, [&](const auto& one) { return one.kind == name; });
}

/// Pods for which some RequestAuthentication reads tokens.
std::set<const Pods*> checked(const Estate& estate) {
  std::set<const Pods*> out;
  const auto& kind = kind_named("RequestAuthentication");
  for (const auto* authentication : estate.of(kind.kind, kind.group))
    if (get(authentication->root, "spec.targetRefs") == nullptr)
      for (const auto* pods : chosen(estate, *authentication, kind)) out.insert(pods);
  return out;
}

void check_policy(const Estate& estate, const Resource& policy, const Place& asked,
                  const std::set<const Pods*>& with_tokens, Report& report) {
  const auto& kind = kind_named("AuthorizationPolicy");
  if (get(policy.root, "spec.targetRefs") != nullptr || labels_of(policy, kind) == nullptr) return;
  const auto pods = chosen(estate, policy, kind);
  if (pods.empty() || std::ranges::any_of(pods, [&](const Pods* one) { return with_tokens.contains(one); }))
    return;
  const bool deny = text(policy.root, "spec.action") == "DENY";
  report
      .at(policy, asked,
          fmt::format("no RequestAuthentication reads tokens at these pods, so no request has one: {}",
                      deny ? "this denies nobody" : "this lets nobody in"))
      .notes = {see(*pods.front()->owner, "the pods"),
                {{}, "write a RequestAuthentication with the issuer of the tokens, for the same pods"}};
}

void check(const Estate& estate, Report& report) {
  static constexpr Way kWays[] = {"spec.rules[].from[].source.requestPrincipals", "spec.rules[].when[].key"};
  const auto& policies = estate.of("AuthorizationPolicy", "security.istio.io");
  if (!any(policies, {kWays[0], kWays[1]})) return;
  const auto with_tokens = checked(estate);
  const Resource* last = nullptr;  // of a policy the first thing it asks of a token is enough
  each(policies.found(), kWays, [&](std::size_t policy, std::size_t way, const Place& asked) {
    if (policies[policy] == last || (way == 1 && !asked.node.text.starts_with("request.auth."))) return;
    last = policies[policy];
    check_policy(estate, *last, asked, with_tokens, report);
  });
}

}  // namespace

extern const Rule token_nobody_checks{
    .id = "token-nobody-checks",
    .severity = Severity::kWarning,
    .peers = "IST0149",
    .title = "a policy goes by tokens at pods where nobody reads them",
    .why =
        "Request principals and claims exist once a RequestAuthentication has checked a token; its being in "
        "a "
        "header is not enough. Without one at the same pods no request has a principal: an ALLOW by claims "
        "answers 403 to everybody, a DENY denies nobody.",
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
      containers: [{name: pets, image: "pets:1"}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {requestPrincipals: ["https://id.example.com/*"]}}] # <<
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
      containers: [{name: pets, image: "pets:1"}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  jwtRules: [{issuer: "https://id.example.com", jwksUri: "https://id.example.com/keys"}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {requestPrincipals: ["https://id.example.com/*"]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
