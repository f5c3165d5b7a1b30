#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* policy : estate.of("AuthorizationPolicy", "security.istio.io")) {
    const auto action = text(policy->root, "spec.action");
    const Node* rules = get(policy->root, "spec.rules");
    if ((action != "DENY" && action != "AUDIT") || (rules != nullptr && rules->size() > 0)) continue;
    report
        .at(*policy, *get(policy->root, "spec.action"), "spec.action",
            "without rules this never matches, so it does nothing")
        .notes = {{{}, "rules: [{}] matches every request; to deny all, ALLOW without rules does"}};
  }
}

}  // namespace

extern const Rule deny_without_rules{
    .id = "deny-without-rules",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "a DENY or AUDIT policy without rules",
    .why =
        "A policy acts when one of its rules matches. DENY without rules never does, so whoever it was to "
        "keep out "
        "gets in; Istio's webhook refuses it when rules are absent and takes it when the list is empty.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed, namespace: shop}
spec:
  action: DENY # <<
  rules: []
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: closed, namespace: shop}
spec:
  action: DENY
  rules: [{}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
