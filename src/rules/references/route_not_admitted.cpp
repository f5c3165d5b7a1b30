#include <fmt/format.h>

#include <algorithm>

#include "rules/parents.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// What a listener has against a route; empty when it takes it, or when that cannot be told.
struct Refusal {
  std::string text;
  const Node* where = nullptr;
};

bool names_meet(std::string_view a, std::string_view b) {
  if (a.starts_with("*.") && b.starts_with("*.")) return a.ends_with(b.substr(1)) || b.ends_with(a.substr(1));
  if (a.starts_with("*.")) return b.size() > a.size() - 1 && b.ends_with(a.substr(1));
  if (b.starts_with("*.")) return names_meet(b, a);
  return a == b;
}

Refusal namespace_refused(const Estate& estate, const GatewayParent& parent, const Place& listener) {
  const Node* from = get(listener.node, "allowedRoutes.namespaces.from");
  const std::string_view said = from == nullptr ? std::string_view("Same") : std::string_view(from->text);
  const Node& place = from == nullptr ? listener.node : *from;
  if (said == "None") return {"takes no routes", &place};
  if (said == "Same" && *parent.route.ns != *parent.gateway->ns)
    return {fmt::format("takes routes of namespace '{}' only", *parent.gateway->ns), &place};
  if (said != "Selector") return {};
  const Resource* space = estate.find("Namespace", "", *parent.route.ns);
  const Node* selector = get(listener.node, "allowedRoutes.namespaces.selector");
  if (space == nullptr || selector == nullptr || selector->find("matchExpressions") != nullptr) return {};
  auto own = labels_at(get(space->root, "metadata.labels"));
  own["kubernetes.io/metadata.name"] = *parent.route.ns;
  if (mesh::selects(labels_at(selector->find("matchLabels")), own)) return {};
  return {fmt::format("takes routes of namespaces with labels that '{}' lacks", *parent.route.ns), selector};
}

Refusal refused(const Estate& estate, const GatewayParent& parent, const Place& listener) {
  if (auto refusal = namespace_refused(estate, parent, listener); refusal.where != nullptr) return refusal;
  const Node* kinds = get(listener.node, "allowedRoutes.kinds");
  if (kinds != nullptr && kinds->size() > 0 && std::ranges::none_of(kinds->children, [&](const Node& one) {
        return text(one, "kind") == *parent.route.kind;
      }))
    return {fmt::format("takes no {}", *parent.route.kind), kinds};
  const Node* hostname = listener.node.find("hostname");
  const Node* hostnames = get(parent.route.root, "spec.hostnames");
  if (hostname == nullptr || hostname->text.empty() || hostnames == nullptr || hostnames->size() == 0)
    return {};
  if (std::ranges::any_of(hostnames->children,
                          [&](const Node& one) { return names_meet(one.text, hostname->text); }))
    return {};
  return {fmt::format("is for {}, and the route for other hosts", hostname->text), hostname};
}

void check(const Estate& estate, Report& report) {
  each_gateway_parent(estate, [&](const GatewayParent& parent) {
    Refusal first;
    bool admitted = false;
    std::string_view name;
    each_chosen_listener(parent, [&](const Place& listener) {
      auto refusal = refused(estate, parent, listener);
      admitted = admitted || refusal.where == nullptr;
      if (first.where == nullptr) first = std::move(refusal), name = text(listener.node, "name");
    });
    if (admitted || first.where == nullptr) return;
    report
        .at(parent.route, parent.ref,
            fmt::format("no listener of Gateway '{}' takes this route: '{}' {}", parent.name, name,
                        first.text))
        .notes = {see(*first.where, "said here")};
  });
}

}  // namespace

extern const Rule route_not_admitted{
    .id = "route-not-admitted",
    .severity = Severity::kError,
    .peers = "IST0132",
    .title = "a route that no listener of its Gateway takes",
    .why =
        "A listener takes routes of its own namespace unless allowedRoutes says otherwise, of the kinds it "
        "lists, and for hosts within its own hostname. A route that fits none of the listeners it names is "
        "not "
        "in force: its status says NotAllowedByListeners or NoMatchingListenerHostname, and callers get 404.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: edge}
spec:
  hostnames: [pets.example.org]
  parentRefs:
  - name: front # <<
  rules: [{matches: [{path: {type: PathPrefix, value: /pets}}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders, namespace: shop}
spec:
  hostnames: [orders.example.com]
  parentRefs:
  - name: front # <<
    namespace: edge
  rules: [{matches: [{path: {type: PathPrefix, value: /orders}}]}]
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  listeners:
  - name: http
    port: 80
    protocol: HTTP
    hostname: "*.example.com"
    allowedRoutes: {namespaces: {from: All}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: edge}
spec:
  hostnames: [pets.example.com]
  parentRefs:
  - name: front
  rules: [{matches: [{path: {type: PathPrefix, value: /pets}}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: orders, namespace: shop}
spec:
  hostnames: [orders.example.com]
  parentRefs:
  - name: front
    namespace: edge
  rules: [{matches: [{path: {type: PathPrefix, value: /orders}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
