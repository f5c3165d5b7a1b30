#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool of_the_mesh(const Resource& virtual_service) {
  const Node* gateways = get(virtual_service.root, "spec.gateways");
  return gateways == nullptr || gateways->size() == 0 ||
         std::any_of(gateways->children.begin(), gateways->children.end(),
                     [](const Node& gateway) { return gateway.text == "mesh"; });
}

/// The routes that decide what callers inside the mesh get from a Service.
struct Routes {
  std::vector<const Resource*> virtual_services, http_routes;
};

bool takes(const Resource& virtual_service, const Operation& operation) {
  bool taken = false;
  each(virtual_service.root, "spec.http[]",
       [&](const Place& http) { taken = taken || http_takes(virtual_service, http.node, operation); });
  return taken;
}

bool taken(const Routes& routes, const Operation& operation) {
  const auto among = [&](const auto& some, auto take) {
    return some.empty() ||
           std::any_of(some.begin(), some.end(), [&](auto* one) { return take(*one, operation); });
  };
  return among(routes.virtual_services, takes) && among(routes.http_routes, route_takes);
}

std::map<const Api*, Routes> routes_of(const Estate& estate) {
  std::map<const Api*, Routes> out;
  for (const auto* resource : estate.of("VirtualService")) {
    if (!of_the_mesh(*resource) || get(resource->root, "spec.http") == nullptr) continue;
    each(resource->root, "spec.hosts[]", [&](const Place& host) {
      const auto* service = estate.service(host.node.text, *resource->ns);
      const auto* api = service == nullptr ? nullptr : estate.apis().of(*service);
      if (api != nullptr) out[api].virtual_services.push_back(resource);
    });
  }
  for (const auto& api : estate.apis().all())
    for (const auto& attached : estate.attached("Service", *api.service->ns, *api.service->name))
      out[&api].http_routes.push_back(attached.route);
  return out;
}

void check(const Estate& estate, Report& report) {
  if (estate.apis().all().empty()) return;
  for (const auto& [api, routes] : routes_of(estate)) {
    const PlatformPaths platform(estate, *api->service);
    std::vector<const Operation*> left;
    for (const auto& operation : api->operations)
      if (!operation.elsewhere && !platform.has(operation.shape) && !taken(routes, operation))
        left.push_back(&operation);
    if (left.size() == api->operations.size()) continue;  // that the paths are others is said of each of them
    const auto& by =
        routes.virtual_services.empty() ? *routes.http_routes.front() : *routes.virtual_services.front();
    for (const auto* operation : left)
      report
          .at(*operation->document, *operation->node, operation->field,
              fmt::format("callers in the mesh get 404 for {}: no route of '{}' takes it", operation->name(),
                          *api->service->name))
          .notes = {see(by, fmt::format("the {} that lacks it", *by.kind)),
                    {{}, "add it to a match, or a last route without a match"}};
  }
}

}  // namespace

extern const Rule operation_without_route{
    .id = "operation-without-route",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an operation of the service that none of its routes takes",
    .why =
        "As soon as a Service has routes, a request that none of them matches is answered 404 by the "
        "caller's "
        "own proxy, in Istio and in Linkerd. An operation that was added to the interface and not to the "
        "routes works in a test without a mesh, and nowhere else.",
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
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /pets}}]
    timeout: 2s
    route: [{destination: {host: pets}}]
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
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /pets}}]
    timeout: 2s
    route: [{destination: {host: pets}}]
  - route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
