#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// A rule of a DENY that matches whatever comes.
const Node* denies_all(const Resource& policy) {
  const Node* rules = get(policy.root, "spec.rules");
  for (std::size_t i = 0; rules != nullptr && i < rules->size(); ++i)
    if (rules->children[i].size() == 0) return &rules->children[i];
  return nullptr;
}

void check(const Estate& estate, Report& report) {
  const auto& policies = estate.of("AuthorizationPolicy", "security.istio.io");
  using Scope = std::pair<std::string, mesh::Labels>;
  std::map<Scope, const Resource*> closed;
  const auto scope = [](const Resource& policy) {
    return Scope{*policy.ns, labels_at(get(policy.root, "spec.selector.matchLabels"))};
  };
  for (const auto* policy : policies)
    if (text(policy->root, "spec.action") == "DENY" && denies_all(*policy) != nullptr)
      closed.emplace(scope(*policy), policy);
  if (closed.empty()) return;
  for (const auto* policy : policies) {
    const auto action = text(policy->root, "spec.action");
    if (action == "DENY" || action == "AUDIT" || action == "CUSTOM") continue;
    const auto own = closed.find(scope(*policy)), whole = closed.find({*policy->ns, {}});
    const auto* by = own != closed.end() ? own->second : whole != closed.end() ? whole->second : nullptr;
    const Node* rules = get(policy->root, "spec.rules");
    if (by == nullptr || rules == nullptr) continue;
    report
        .at(*policy, *rules, "spec.rules",
            fmt::format("'{}' denies every request to these pods, and DENY is asked first", *by->name))
        .notes = {see(*denies_all(*by), "it matches everything")};
  }
}

}  // namespace

extern const Rule denied_anyway{
    .id = "denied-anyway",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an ALLOW that a DENY leaves nothing of",
    .why =
        "DENY policies are asked before ALLOW policies. One whose rule is empty matches every request, so "
        "nothing "
        "that an ALLOW names can pass. To close a workload but for some callers, leave the DENY out: as soon "
        "as an "
        "ALLOW applies, all else is refused.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed, namespace: shop}
spec:
  action: DENY
  rules: [{}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: shop}
spec:
  action: ALLOW
  rules:
  - from: [{source: {namespaces: [web]}}] # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: shop}
spec:
  action: ALLOW
  rules:
  - from: [{source: {namespaces: [web]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
