#include <fmt/format.h>

#include <optional>

#include "rules/estate.hpp"
#include "rules/ports.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kOpaque = "config.linkerd.io/opaque-ports";

/// Why routes of a kind are not asked at a port.
struct Unasked {
  const Node* because = nullptr;
  std::string_view what;
};
constexpr std::string_view kNoRequests = "it is opaque, so Linkerd sees no requests there";
constexpr std::string_view kGrpcOnly = "it speaks gRPC, for which Linkerd asks GRPCRoutes only";
constexpr std::string_view kHttpOnly = "it speaks HTTP, for which Linkerd asks HTTPRoutes only";

/// linkerd.md 3.8
std::optional<Unasked> at_server(const Resource& server, bool grpc) {
  const Node* protocol = get(server.root, "spec.proxyProtocol");
  if (protocol == nullptr) return std::nullopt;
  if (protocol->text == "opaque" || protocol->text == "TLS") return Unasked{protocol, kNoRequests};
  if (grpc == (protocol->text == "gRPC")) return std::nullopt;
  return Unasked{protocol, grpc ? kHttpOnly : kGrpcOnly};
}

/// By the port's appProtocol, which wins over the annotation. linkerd.md 2.3
std::optional<Unasked> at_service(const Resource& service, std::int64_t wanted, bool grpc) {
  const Node* protocol = nullptr;
  each(service.root, "spec.ports[]", [&](const Place& port) {
    if (number(port.node, "port") == wanted) protocol = port.node.find("appProtocol");
  });
  if (protocol != nullptr) {
    if (protocol->text == "kubernetes.io/h2c" || (protocol->text == "http" && !grpc)) return std::nullopt;
    return Unasked{protocol, protocol->text == "http" ? kHttpOnly : kNoRequests};
  }
  const Node* annotations = get(service.root, "metadata.annotations");
  const Node* list = annotations == nullptr ? nullptr : annotations->find(kOpaque);
  const bool listed = list != nullptr && wanted > 0 && wanted <= UINT16_MAX &&
                      lists_port(list->text, static_cast<std::uint16_t>(wanted));
  return listed ? std::optional(Unasked{list, kNoRequests}) : std::nullopt;
}

void check_parent(const Estate& estate, const Resource& route, const Place& parent, Report& report) {
  const auto kind = text(parent.node, "kind"), name = text(parent.node, "name");
  const auto said = text(parent.node, "namespace");
  const auto ns = said.empty() ? std::string_view(*route.ns) : said;
  const bool grpc = *route.kind == "GRPCRoute";
  std::optional<Unasked> unasked;
  if (kind == "Server") {
    if (const auto* server = estate.find("Server", *route.ns, name, "policy.linkerd.io"))
      unasked = at_server(*server, grpc);
  } else if (const auto* service = kind == "Service" ? estate.find("Service", ns, name) : nullptr;
             service != nullptr && estate.linkerd_injected(ns)) {
    unasked = at_service(*service, number(parent.node, "port").value_or(0), grpc);
  }
  if (!unasked) return;
  report.at(route, parent, fmt::format("this route is never asked at {} '{}': {}", kind, name, unasked->what))
      .notes = {see(*unasked->because, "said here")};
}

void check(const Estate& estate, Report& report) {
  for (const auto* kind : {"HTTPRoute", "GRPCRoute"})
    each(estate.of(kind), "spec.parentRefs[]",
         [&](const Resource* route, const Place& parent) { check_parent(estate, *route, parent, report); });
}

}  // namespace

extern const Rule route_not_for_protocol{
    .id = "route-not-for-protocol",
    .severity = Severity::kError,
    .peers = "",
    .title = "a route at a port whose protocol Linkerd has no such routes for",
    .why =
        "At an opaque port Linkerd passes bytes on without reading them, at a gRPC Server it asks GRPCRoutes "
        "and at an HTTP one HTTPRoutes. A route of another kind is accepted and never asked: no split, no "
        "retry, no timeout, and an authorization for it lets nobody in. A port is opaque by annotation, by "
        "the proxyProtocol of a Server, or by an appProtocol that is neither http nor kubernetes.io/h2c "
        "(grpc and https, too).",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations: {config.linkerd.io/opaque-ports: "8000-8080"}
spec:
  ports: [{name: http, port: 8080}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs:
  - {group: core, kind: Service, name: pets, port: 8080} # <<
  rules:
  - matches: [{path: {value: /pets}}]
    backendRefs: [{name: pets, port: 8080}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets-grpc, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 9000, proxyProtocol: gRPC}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: inbound, namespace: shop}
spec:
  parentRefs:
  - {group: policy.linkerd.io, kind: Server, name: pets-grpc} # <<
  rules:
  - matches: [{path: {value: /pets}}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
spec:
  ports: [{name: http, port: 8080, appProtocol: http}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs:
  - {group: core, kind: Service, name: pets, port: 8080}
  rules:
  - matches: [{path: {value: /pets}}]
    backendRefs: [{name: pets, port: 8080}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets-grpc, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 9000, proxyProtocol: HTTP/2}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: inbound, namespace: shop}
spec:
  parentRefs:
  - {group: policy.linkerd.io, kind: Server, name: pets-grpc}
  rules:
  - matches: [{path: {value: /pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
