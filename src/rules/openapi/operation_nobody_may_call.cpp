#include <fmt/format.h>

#include <algorithm>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool names(const Node& operation, std::string_view field, std::string_view method) {
  bool found = false;
  each(operation, std::string(field) + "[]", [&](const Place& said) {
    const std::string_view pattern = said.node.text;
    found = found || pattern == method ||
            (pattern.ends_with('*') && method.starts_with(pattern.substr(0, pattern.size() - 1)));
  });
  return found;
}

/// Whether an Istio operation of a policy may mean one of the interface; what is not sure counts as meant.
bool means(const Node& allowed, const Operation& operation) {
  if (allowed.find("methods") != nullptr && !names(allowed, "methods", operation.method)) return false;
  if (names(allowed, "notMethods", operation.method)) return false;
  if (allowed.find("paths") == nullptr) return true;
  bool met = false;
  each(allowed, "paths[]",
       [&](const Place& path) { met = met || meet(PathShape::istio(path.node.text), operation.shape); });
  return met;
}

bool allows(const Resource& policy, const Operation& operation) {
  bool allowed = false;
  each(policy.root, "spec.rules[]", [&](const Place& rule) {
    const Node* to = rule.node.find("to");
    if (to == nullptr || to->size() == 0) allowed = true;
    each(rule.node, "to[].operation",
         [&](const Place& one) { allowed = allowed || means(one.node, operation); });
  });
  return allowed;
}

/// The policies that together say who gets in; none when nobody is kept out.
std::vector<const Resource*> doors(const Estate& estate, const Resource& service) {
  auto out = guards_of(estate, service);
  std::erase_if(out, [](const Resource* policy) {
    const auto action = text(policy->root, "spec.action");
    return !action.empty() && action != "ALLOW";
  });
  return out;
}

void check(const Estate& estate, Report& report) {
  for (const auto& api : estate.apis().all()) {
    const auto policies = doors(estate, *api.service);
    if (policies.empty()) continue;
    const PlatformPaths platform(estate, *api.service);
    std::vector<const Operation*> closed;
    std::size_t served = 0;
    for (const auto& operation : api.operations) {
      if (operation.elsewhere || platform.has(operation.shape)) continue;
      ++served;
      if (std::none_of(policies.begin(), policies.end(),
                       [&](const Resource* policy) { return allows(*policy, operation); }))
        closed.push_back(&operation);
    }
    if (closed.size() == served) continue;  // closed as a whole, or opened by policies that are not here
    const auto* nearest =
        *std::max_element(policies.begin(), policies.end(), [](const auto* a, const auto* b) {
          const auto size = [](const Resource* policy) {
            const Node* rules = get(policy->root, "spec.rules");
            return rules == nullptr ? 0 : rules->size();
          };
          return size(a) < size(b);
        });
    for (const auto* operation : closed)
      report
          .at(*operation->document, *operation->node, operation->field,
              fmt::format("everybody gets 403 for {}: no policy that guards '{}' allows it",
                          operation->name(), *api.service->name))
          .notes = {see(*nearest, policies.size() == 1
                                      ? "the only policy there"
                                      : fmt::format("one of {} policies there", policies.size()))};
  }
}

}  // namespace

extern const Rule operation_nobody_may_call{
    .id = "operation-nobody-may-call",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an operation of the service that no authorization policy allows",
    .why =
        "With one ALLOW policy in force at its pods, a Service refuses whatever no rule names: RBAC: access "
        "denied. An operation that the OpenAPI document promises and no rule allows is answered 403 whoever "
        "calls. Add it to a rule; or, if it is meant to be closed, take it out of the document.",
    .bad = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
  /photos/{id}:
    get: {responses: {"200": {description: one}}} # <<
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - to: [{operation: {methods: [GET], paths: [/pets]}}]
)",
    .good = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
  /photos/{id}:
    get: {responses: {"200": {description: one}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - to: [{operation: {methods: [GET], paths: [/pets, "/photos/*"]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
