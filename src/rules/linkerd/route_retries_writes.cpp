#include <fmt/format.h>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kRetry = "retry.linkerd.io/http";

/// Whether some rule of the route takes POST or PATCH.
bool takes_writes(const Resource& route) {
  bool writes = false;
  each(route.root, "spec.rules[]", [&](const Place& rule) {
    const Node* matches = rule.node.find("matches");
    if (matches == nullptr || matches->size() == 0) writes = true;
    each(rule.node, "matches[]", [&](const Place& match) {
      const auto method = text(match.node, "method");
      writes = writes || method.empty() || method == "POST" || method == "PATCH";
    });
  });
  return writes;
}

/// What the document of the parent Service says about it.
struct Known {
  bool all = false;
  const Operation* write = nullptr;
};

template <class Takes>
Known known_write(const Api* api, const Takes& takes) {
  if (api == nullptr || !api->complete) return {};
  for (const auto& operation : api->operations)
    if (!operation.may_be_repeated && !operation.elsewhere && takes(operation)) return {true, &operation};
  return {true, nullptr};
}

const Api* api_of_parent(const Estate& estate, const Resource& route) {
  const Api* found = nullptr;
  each(route.root, "spec.parentRefs[]", [&](const Place& ref) {
    const auto ns = text(ref.node, "namespace");
    const auto* service =
        text(ref.node, "kind") != "Service"
            ? nullptr
            : estate.find("Service", ns.empty() ? std::string_view(*route.ns) : ns, text(ref.node, "name"));
    if (found == nullptr && service != nullptr) found = estate.apis().of(*service);
  });
  return found;
}

void say(const Resource& resource, const Node& retry, const Known& known, Report& report) {
  auto& finding = report.at(resource, retry, fmt::format("metadata.annotations.{}", kRetry),
                            fmt::format("{} may have been carried out before {} sent again",
                                        known.write != nullptr ? known.write->name() : "POSTs",
                                        known.write != nullptr ? "it is" : "they are"));
  if (known.write != nullptr) finding.notes.push_back(see(*known.write->node, "the operation"));
  finding.notes.push_back(
      {{}, "retries are for whole routes: give GET, HEAD and OPTIONS a route of their own"});
}

void check(const Estate& estate, Report& report) {
  for (const auto kind : {"HTTPRoute", "Service"})
    for (const auto* resource : estate.of(kind)) {
      const Node* annotations = get(resource->root, "metadata.annotations");
      const Node* retry = annotations == nullptr ? nullptr : annotations->find(kRetry);
      if (retry == nullptr || retry->text.empty()) continue;
      const bool is_route = *resource->kind == "HTTPRoute";
      const auto* api = is_route ? api_of_parent(estate, *resource) : estate.apis().of(*resource);
      const auto known =
          known_write(api, [&](const Operation& one) { return !is_route || route_takes(*resource, one); });
      // Of a Service without a document nothing is known but that it has operations.
      if (known.all ? known.write != nullptr : is_route && takes_writes(*resource))
        say(*resource, *retry, known, report);
    }
}

}  // namespace

extern const Rule route_retries_writes{
    .id = "route-retries-writes",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "Linkerd retries a route that takes writes",
    .why =
        "retry.linkerd.io/http names statuses after which every request of the route is sent again, whatever "
        "its method. A gateway error does not say that nothing was done: a POST may have been carried out "
        "before its answer was lost, and then there are two orders. An OpenAPI document of the Service tells "
        "which operations there are; one with an Idempotency-Key may be repeated.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {selector: {app: orders}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: orders
  namespace: shop
  annotations:
    retry.linkerd.io/http: gateway-error # <<
spec:
  parentRefs: [{group: "", kind: Service, name: orders, port: 80}]
  rules: [{backendRefs: [{name: orders, port: 80}]}]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec: {selector: {app: orders}, ports: [{name: http, port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: orders-read
  namespace: shop
  annotations:
    retry.linkerd.io/http: gateway-error
spec:
  parentRefs: [{group: "", kind: Service, name: orders, port: 80}]
  rules: [{matches: [{method: GET}], backendRefs: [{name: orders, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: orders, port: 80}]
  rules: [{backendRefs: [{name: orders, port: 80}]}]
---
openapi: 3.1.0
info: {title: prices, version: 1.0.0}
servers: [{url: "http://prices.shop"}]
paths:
  /prices:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: prices, namespace: shop, annotations: {retry.linkerd.io/http: 5xx}}
spec: {selector: {app: prices}, ports: [{name: http, port: 80}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
