#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The rule of a policy that matches whatever comes; nullptr when there is none.
const Node* rule_for_all(const Resource& policy) {
  const Node* rules = get(policy.root, "spec.rules");
  for (std::size_t i = 0; rules != nullptr && rules->is_sequence() && i < rules->size(); ++i)
    if (rules->children[i].size() == 0) return &rules->children[i];
  return nullptr;
}

bool allows(const Resource& policy) {
  const auto action = text(policy.root, "spec.action");
  return action.empty() || action == "ALLOW";
}

bool dry_run(const Resource& policy) {
  const Node* annotations = get(policy.root, "metadata.annotations");
  return annotations != nullptr && is_true(annotations->find("istio.io/dry-run"));
}

mesh::Labels selector_of(const Resource& policy) {
  return labels_at(get(policy.root, "spec.selector.matchLabels"));
}

/// Policies that let everybody in, by the labels of the pods they are for.
class Open {
 public:
  explicit Open(const Estate& estate, const Estate::List& policies)
      : root_(estate.settings().root_namespace) {
    for (const auto* policy : policies)
      if (rule_for_all(*policy) != nullptr && allows(*policy) && !dry_run(*policy))
        all_[{*policy->ns, selector_of(*policy)}] = policy;
  }

  bool empty() const { return all_.empty(); }
  /// One that covers all pods of this policy's: of the same selector, the whole namespace, or the mesh.
  const Resource* over(const Resource& policy) const {
    for (const auto& scope : {std::pair(*policy.ns, selector_of(policy)),
                              std::pair(*policy.ns, mesh::Labels{}), std::pair(root_, mesh::Labels{})})
      if (const auto found = all_.find(scope); found != all_.end() && found->second != &policy)
        return found->second;
    return nullptr;
  }

 private:
  std::map<std::pair<std::string, mesh::Labels>, const Resource*> all_;
  std::string root_;
};

void check(const Estate& estate, Report& report) {
  const auto& policies = estate.of("AuthorizationPolicy", "security.istio.io");
  const Open open(estate, policies);
  if (open.empty()) return;
  for (const auto* policy : policies) {
    const Node* rules = get(policy->root, "spec.rules");
    if (!allows(*policy) || dry_run(*policy) || rules == nullptr || rules->size() == 0 ||
        rule_for_all(*policy) != nullptr || get(policy->root, "spec.targetRefs") != nullptr)
      continue;
    const auto* by = open.over(*policy);
    if (by == nullptr) continue;
    report
        .at(*policy, *rules, "spec.rules",
            fmt::format("'{}' lets everybody into these pods, so what this policy asks for keeps nobody out",
                        *by->name))
        .notes = {see(*rule_for_all(*by), "it matches everything"),
                  {{}, "a request is let in when any ALLOW matches: take the open one away"}};
  }
}

}  // namespace

extern const Rule allowed_anyway{
    .id = "allowed-anyway",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an ALLOW beside another that lets everybody in",
    .why =
        "A request passes when any ALLOW policy for the pod matches it; policies are never combined to be "
        "stricter. Beside one with an empty rule, which matches every request, the careful list of another "
        "protects nothing, although it is there for everyone to read. To close the pods, remove the open "
        "policy; to close some requests only, write a DENY.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: open, namespace: shop}
spec:
  rules: [{}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  action: ALLOW
  rules:
  - to: [{operation: {methods: [GET]}}] # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  action: ALLOW
  rules:
  - to: [{operation: {methods: [GET]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
