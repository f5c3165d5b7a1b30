#include <fmt/format.h>

#include <algorithm>

#include "rules/apis.hpp"
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

/// An operation that the route may take and that must not be done twice; where a document says all of them.
struct Known {
  bool all = false;
  const Operation* write = nullptr;
};

Known known_write(const Estate& estate, const Resource& profile, const Node& condition) {
  const auto* service = estate.service(*profile.name, *profile.ns);
  const auto* api = service == nullptr ? nullptr : estate.apis().of(*service);
  if (api == nullptr || !api->complete || condition.find("all") != nullptr) return {};
  const auto method = text(condition, "method"), regex = text(condition, "pathRegex");
  for (const auto& operation : api->operations)
    if (!operation.may_be_repeated && (method.empty() || method == operation.method) &&
        (regex.empty() || meet(PathShape::regex(regex), operation.shape)))
      return {true, &operation};
  return {true, nullptr};
}

void check_route(const Estate& estate, const Resource& profile, const Place& route, Report& report) {
  const Node* retryable = route.node.find("isRetryable");
  const Node* condition = route.node.find("condition");
  if (!is_true(retryable) || !may_write(condition)) return;
  const auto known = condition == nullptr ? Known{} : known_write(estate, profile, *condition);
  if (known.all && known.write == nullptr) return;
  const auto method = text(route.node, "condition.method");
  const auto what = known.all        ? known.write->name()
                    : method.empty() ? "POST (the condition takes every method)"
                                     : std::string(method);
  auto& finding =
      report.at(profile, *retryable, route.path + ".isRetryable",
                fmt::format("a {} that failed half-way may have been done: it would be done twice", what));
  if (known.all) finding.notes.push_back(see(*known.write->node, "the operation"));
  finding.notes.push_back(
      {{}, "retry the routes of GET, HEAD and OPTIONS, unless the service recognises repeats"});
}

void check(const Estate& estate, Report& report) {
  each(estate.of("ServiceProfile"), "spec.routes[]",
       [&](const Resource* profile, const Place& route) { check_route(estate, *profile, route, report); });
}

}  // namespace

extern const Rule retryable_write{
    .id = "retryable-write",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a ServiceProfile retries a request that is not idempotent",
    .why =
        "isRetryable sends the request again after a failure, whatever its method. A failed POST may have "
        "been "
        "carried out before its answer was lost, and then there are two orders.",
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
openapi: 3.1.0
info: {title: prices, version: 1.0.0}
servers: [{url: "http://prices.market"}]
paths:
  /prices:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: prices, namespace: market}
spec: {selector: {app: prices}, ports: [{name: http, port: 80}]}
---
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: prices.market.svc.cluster.local, namespace: shop}
spec:
  routes:
  - {name: all, condition: {pathRegex: "/prices.*"}, isRetryable: true}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
