#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool has_port(const Resource& service, std::string_view wanted) {
  bool found = text(service.root, "spec.type") == "ExternalName";
  each(service.root, "spec.ports[]", [&](const Place& port) {
    found |= text(port.node, "port") == wanted || text(port.node, "name") == wanted;
  });
  return found;
}

/// A reference to a Service of a namespace: `port` may be absent.
void check_service(const Estate& estate, const Resource& from, const Place& ref, std::string_view ns,
                   const Node* port, Report& report) {
  const Node* name = ref.node.find("name");
  if (name == nullptr || !estate.has_services(ns)) return;
  const auto* service = estate.find("Service", ns, name->text);
  if (service == nullptr) {
    suggest(
        report.at(from, *name, ref.path + ".name",
                  fmt::format("no Service '{}' in namespace '{}': requests get an error", name->text, ns)),
        name->text, estate.names("Service", ns));
  } else if (port != nullptr && !has_port(*service, port->text)) {
    report
        .at(from, *port, ref.path + ".port",
            fmt::format("the Service '{}' has no port {}: requests get an error", name->text, port->text))
        .notes = {see(*service, "the Service")};
  }
}

void check_ingress(const Estate& estate, const Resource& ingress, Report& report) {
  const auto see_backend = [&](const Place& ref) {
    const Node* port = ref.node.find("port");
    const Node* said = port == nullptr ? nullptr : port->find("number");
    if (said == nullptr && port != nullptr) said = port->find("name");
    check_service(estate, ingress, ref, *ingress.ns, said, report);
  };
  each(ingress.root, "spec.defaultBackend.service", see_backend);
  each(ingress.root, "spec.rules[].http.paths[].backend.service", see_backend);
}

void check_route(const Estate& estate, const Resource& route, Report& report) {
  each(route.root, "spec.rules[].backendRefs[]", [&](const Place& ref) {
    const auto kind = text(ref.node, "kind"), group = text(ref.node, "group");
    if ((!kind.empty() && kind != "Service") || (!group.empty() && group != "core")) return;
    const auto ns = text(ref.node, "namespace");
    check_service(estate, route, ref, ns.empty() ? std::string_view(*route.ns) : ns, ref.node.find("port"),
                  report);
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto* ingress : estate.of("Ingress", "networking.k8s.io"))
    check_ingress(estate, *ingress, report);
  for (const auto* kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"})
    for (const auto* route : estate.of(kind)) check_route(estate, *route, report);
}

}  // namespace

extern const Rule unknown_backend{
    .id = "unknown-backend",
    .severity = Severity::kError,
    .peers = "dangling-ingress KIA1402",
    .title = "an Ingress or route sends to a Service, or port, that is not there",
    .why =
        "A backend that does not exist is no reason for the API server to refuse the object, so it is found "
        "out by callers: Istio and Linkerd answer 500 for its share of the route, ingress controllers 503.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{name: front, namespace: edge}]
  rules:
  - backendRefs:
    - {name: pets, port: 8080} # <<
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: pets, namespace: shop}
spec:
  defaultBackend:
    service: {name: petz, port: {number: 80}} # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{name: front, namespace: edge}]
  rules:
  - backendRefs:
    - {name: pets, port: 80}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: pets, namespace: shop}
spec:
  defaultBackend:
    service: {name: pets, port: {name: http}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
