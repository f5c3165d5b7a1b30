#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a condition lets POST or PATCH pass; what 'any' and 'not' let pass is not guessed.
bool may_write(const Node* condition) {
  if (condition == nullptr || condition->find("any") || condition->find("not")) return false;
  const auto method = text(*condition, "method");
  if (!method.empty()) return method == "POST" || method == "PATCH";
  const Node* all = condition->find("all");
  return all == nullptr || std::all_of(all->children.begin(), all->children.end(),
                                       [](const Node& part) { return may_write(&part); });
}

constexpr std::string_view kWayOut =
    "retry the routes of GET, HEAD and OPTIONS, unless the service recognises repeats";

void check_profile(const Resource& profile, Report& report) {
  each(profile.root, "spec.routes[]", [&](const Place& route) {
    const Node* retryable = route.node.find("isRetryable");
    const auto method = text(route.node, "condition.method");
    if (!is_true(retryable) || !may_write(route.node.find("condition"))) return;
    report
        .at(profile, *retryable, route.path + ".isRetryable",
            fmt::format("a {} that failed half-way may have been done: it would be done twice",
                        method.empty() ? "POST (the condition takes every method)" : method))
        .notes = {{{}, std::string(kWayOut)}};
  });
}

/// A rule of an HTTPRoute that POST or PATCH may take; nullptr when there is none.
const Node* writing_rule(const Resource& route) {
  const Node* found = nullptr;
  each(route.root, "spec.rules[]", [&](const Place& rule) {
    const Node* matches = rule.node.find("matches");
    bool writes = matches == nullptr || matches->size() == 0;
    each(rule.node, "matches[].method",
         [&](const Place& at) { writes |= at.node.text == "POST" || at.node.text == "PATCH"; });
    each(rule.node, "matches[]", [&](const Place& at) { writes |= at.node.find("method") == nullptr; });
    if (writes && found == nullptr) found = &rule.node;
  });
  return found;
}

const Node* retried_statuses(const Resource& resource) {
  const Node* annotations = get(resource.root, "metadata.annotations");
  const Node* statuses = annotations == nullptr ? nullptr : annotations->find("retry.linkerd.io/http");
  return statuses != nullptr && statuses->is_scalar() ? statuses : nullptr;
}

void check(const Estate& estate, Report& report) {
  constexpr auto kField = "metadata.annotations.retry.linkerd.io/http";
  for (const auto* profile : estate.of("ServiceProfile")) check_profile(*profile, report);
  for (const auto* route : estate.of("HTTPRoute")) {
    const Node *statuses = retried_statuses(*route), *rule = writing_rule(*route);
    if (statuses == nullptr || rule == nullptr) continue;
    report
        .at(*route, *statuses, kField,
            "a POST that failed half-way may have been done: it would be done twice")
        .notes = {see(*rule, "this rule takes POST"), {{}, std::string(kWayOut)}};
  }
  for (const auto* service : estate.of("Service")) {
    const Node* statuses = retried_statuses(*service);
    if (statuses == nullptr) continue;
    auto& finding = report.at(*service, *statuses, kField, "retries of every method, POST among them");
    finding.severity = Severity::kInfo;  // what the Service takes is not said here
    finding.notes = {{{}, "an HTTPRoute can retry the methods that may be sent twice"}};
  }
}

}  // namespace

extern const Rule retryable_write{
    .id = "retryable-write",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "Linkerd retries a request that is not idempotent",
    .why =
        "isRetryable of a ServiceProfile, and retry.linkerd.io/http of an HTTPRoute or Service, send the "
        "request again after a failure, whatever its method. A failed POST may have been carried out before "
        "its answer was lost, and then there are two orders. (On a Service this is an info.)",
    .bad = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: adopt
    condition: {method: POST, pathRegex: /adoptions}
    isRetryable: true # <<
  - name: everything-else
    condition: {pathRegex: /.*}
    isRetryable: true # <<
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata:
  name: toys
  namespace: shop
  annotations:
    retry.linkerd.io/http: gateway-error # <<
spec:
  parentRefs: [{group: core, kind: Service, name: toys, port: 80}]
  rules:
  - matches: [{path: {value: /toys}}]
    backendRefs: [{name: toys, port: 80}]
)",
    .good = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: list
    condition: {method: GET, pathRegex: /adoptions}
    isRetryable: true
  - {name: adopt, condition: {method: POST, pathRegex: /adoptions}}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata:
  name: toys
  namespace: shop
  annotations:
    retry.linkerd.io/http: gateway-error
spec:
  parentRefs: [{group: core, kind: Service, name: toys, port: 80}]
  rules:
  - matches: [{path: {value: /toys}, method: GET}]
    backendRefs: [{name: toys, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
