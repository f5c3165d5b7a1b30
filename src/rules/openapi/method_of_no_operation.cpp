#include <fmt/format.h>

#include <algorithm>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The operations whose paths a claim meets, and whether one of them takes a method.
struct Met {
  std::vector<const Operation*> operations;
  bool takes(std::string_view method) const {
    return method.find('*') != method.npos ||
           std::any_of(operations.begin(), operations.end(), [&](auto* one) { return one->takes(method); });
  }
};

void check_claim(const Claim& claim, Report& report) {
  Met met;
  for (const auto& operation : claim.api->operations)
    if (claim.meets_path(operation)) met.operations.push_back(&operation);
  if (met.operations.empty()) return;
  const auto dead = std::count_if(claim.methods.begin(), claim.methods.end(),
                                  [&](const auto& method) { return !met.takes(method.node->text); });
  for (const auto& method : claim.methods) {
    if (met.takes(method.node->text)) continue;
    const auto& first = *met.operations.front();
    auto& finding = report.at(
        *claim.policy, *method.node, method.field,
        fmt::format("no operation of '{}' there takes {}", *claim.api->service->name, method.node->text));
    finding.notes = {{{first.node->origin, first.node->length},
                      fmt::format("{} is one of {} there", first.name(), met.operations.size())}};
    // Beside methods that are used, one more is merely more than is needed.
    if (dead < static_cast<std::ptrdiff_t>(claim.methods.size())) finding.severity = Severity::kInfo;
  }
}

void check(const Estate& estate, Report& report) {
  each_claim(estate, [&](const Claim& claim) {
    if (claim.api->complete && !claim.denies) check_claim(claim, report);
  });
}

}  // namespace

extern const Rule method_of_no_operation{
    .id = "method-of-no-operation",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a policy for a method that no operation on these paths takes",
    .why =
        "The service answers such a request with 405 or 404, so a route or permission for it does nothing, "
        "and "
        "the method that the interface does have gets what is left for the rest. HEAD goes with GET, and "
        "OPTIONS is always fine. Among several methods of which some are used, the others are an info: "
        "permissions that nobody needs.",
    .bad = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
  /pets/{id}:
    patch: {responses: {"200": {description: changed}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: pets, port: 80}]
  rules:
  - matches:
    - path: {type: PathPrefix, value: /pets/}
      method: PUT # <<
    timeouts: {request: 10s}
    backendRefs: [{name: pets, port: 80}]
  - backendRefs: [{name: pets, port: 80}]
)",
    .good = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
  /pets/{id}:
    patch: {responses: {"200": {description: changed}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: pets, port: 80}]
  rules:
  - matches:
    - path: {type: PathPrefix, value: /pets/}
      method: PATCH
    timeouts: {request: 10s}
    backendRefs: [{name: pets, port: 80}]
  - backendRefs: [{name: pets, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
