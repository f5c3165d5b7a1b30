#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kPolicy = "policy.linkerd.io";

/// What each object of a namespace is the target of: "ns/kind/name".
using Targets = std::map<std::string, const Resource*>;

Targets targets_of(const Estate& estate) {
  Targets out;
  for (const auto* policy : estate.of("AuthorizationPolicy", kPolicy))
    out.emplace(fmt::format("{}/{}/{}", *policy->ns, text(policy->root, "spec.targetRef.kind"),
                            text(policy->root, "spec.targetRef.name")),
                policy);
  return out;
}

/// The ports of the pods that the Service leads to, as a Server may call them: by name or number.
std::set<std::string> ports_behind(const Estate& estate, const Resource& service) {
  std::set<std::string> out;
  const auto* known = estate.modelled(service);
  if (known == nullptr) return out;
  for (const auto& port : known->ports)
    out.insert(std::to_string(port.target_port != 0 ? port.target_port : port.port));
  for (const auto* pods : estate.pods_of(service))
    each(*pods->spec, "containers[].ports[]", [&](const Place& port) {
      if (out.contains(std::string(text(port.node, "containerPort")))) out.emplace(text(port.node, "name"));
    });
  return out;
}

/// Whether the Server lets nobody in but whom policies on its routes allow.
bool is_shut(const Resource& server, const Targets& targets, bool has_old_authorizations) {
  const auto access = text(server.root, "spec.accessPolicy");
  return (access.empty() || access == "deny") && !has_old_authorizations &&
         !targets.contains(fmt::format("{}/Server/{}", *server.ns, *server.name)) &&
         !targets.contains(fmt::format("{}/Namespace/{}", *server.ns, *server.ns));
}

struct Routes {
  std::vector<const Resource*> all, opened;
};

Routes routes_of(const Estate& estate, const Resource& server, const Targets& targets) {
  Routes out;
  for (const auto& attached : estate.attached("Server", *server.ns, *server.name)) {
    out.all.push_back(attached.route);
    if (targets.contains(fmt::format("{}/HTTPRoute/{}", *attached.route->ns, *attached.route->name)))
      out.opened.push_back(attached.route);
  }
  return out;
}

bool some_takes(const std::vector<const Resource*>& routes, const Operation& operation) {
  return std::any_of(routes.begin(), routes.end(),
                     [&](auto* route) { return route_takes(*route, operation); });
}

void check_server(const Estate& estate, const Api& api, const Resource& server, const Targets& targets,
                  Report& report) {
  const auto routes = routes_of(estate, server, targets);
  if (routes.all.empty()) return;
  const bool shut = is_shut(server, targets, !estate.of("ServerAuthorization").empty());
  const PlatformPaths platform(estate, *api.service);
  std::vector<std::pair<const Operation*, bool>> closed;  // and whether some route takes it
  std::size_t served = 0;
  for (const auto& operation : api.operations) {
    if (operation.elsewhere || platform.has(operation.shape)) continue;
    ++served;
    const bool taken = some_takes(routes.all, operation);
    if (!taken || (shut && !some_takes(routes.opened, operation))) closed.emplace_back(&operation, taken);
  }
  if (closed.size() == served) return;  // closed as a whole, or opened by policies that are not here
  for (const auto& [operation, taken] : closed)
    report
        .at(*operation->document, *operation->node, operation->field,
            taken
                ? fmt::format("everybody gets 403 for {}: no policy opens a route with it", operation->name())
                : fmt::format("everybody gets 404 for {}: no HTTPRoute of the Server takes it",
                              operation->name()))
        .notes = {see(server, fmt::format("Server '{}' has {} routes, {} of them with a policy", *server.name,
                                          routes.all.size(), routes.opened.size()))};
}

void check(const Estate& estate, Report& report) {
  if (estate.apis().all().empty()) return;
  const auto targets = targets_of(estate);
  for (const auto& api : estate.apis().all()) {
    const auto pods = estate.pods_of(*api.service);
    const auto ports = ports_behind(estate, *api.service);
    for (const auto* server : estate.of("Server", kPolicy)) {
      if (*server->ns != *api.service->ns || !ports.contains(std::string(text(server->root, "spec.port"))))
        continue;
      const auto labels = labels_at(get(server->root, "spec.podSelector.matchLabels"));
      if (std::any_of(pods.begin(), pods.end(),
                      [&](auto* one) { return mesh::selects(labels, one->labels); }))
        check_server(estate, api, *server, targets, report);
    }
  }
}

}  // namespace

extern const Rule operation_no_server_opens{
    .id = "operation-no-server-opens",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an operation of the service that no route of its Linkerd Server opens",
    .why =
        "Once a Server has HTTPRoutes, its proxy answers 404 to what none of them matches, and 403 to what "
        "is "
        "matched by one that no AuthorizationPolicy opens. An operation of the OpenAPI document that is left "
        "out is closed to everybody.",
    .bad = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
    post: {responses: {"201": {description: made}}} # <<
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 80}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: reads, namespace: shop}
spec:
  parentRefs: [{group: policy.linkerd.io, kind: Server, name: pets}]
  rules: [{matches: [{path: {type: PathPrefix, value: /pets}, method: GET}]}]
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: reads, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: HTTPRoute, name: reads}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: web}]
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
)",
    .good = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
    post: {responses: {"201": {description: made}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 80}
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{group: policy.linkerd.io, kind: Server, name: pets}]
  rules: [{matches: [{path: {type: PathPrefix, value: /pets}}]}]
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: HTTPRoute, name: pets}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: web}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}, annotations: {linkerd.io/inject: enabled}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: pets, namespace: shop}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
