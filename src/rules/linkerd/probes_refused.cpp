#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a rule of the route takes a GET of that path; patterns are taken to match.
bool takes(const Resource& route, std::string_view path) {
  bool taken = false;
  each(route.root, "spec.rules[]", [&](const Place& rule) {
    const Node* matches = rule.node.find("matches");
    if (matches == nullptr || matches->size() == 0) taken = true;
    each(rule.node, "matches[]", [&](const Place& match) {
      const auto type = text(match.node, "path.type"), value = text(match.node, "path.value");
      const auto method = text(match.node, "method");
      if (!method.empty() && method != "GET") return;
      taken = taken || value.empty() || type == "RegularExpression" ||
              (type == "Exact" ? path == value : path.starts_with(value));
    });
  });
  return taken;
}

bool serves(const Resource& server, const Pods& pods, std::string_view port) {
  const auto wanted = text(server.root, "spec.port");
  if (wanted == port) return true;
  bool same = false;
  each(*pods.spec, "containers[].ports[]", [&](const Place& one) {
    const auto name = text(one.node, "name"), value = text(one.node, "containerPort");
    same = same || ((name == wanted || value == wanted) && (name == port || value == port));
  });
  return same;
}

void check_probe(const Resource& server, const std::vector<Estate::Attached>& routes, const Pods& pods,
                 const Place& probe, Report& report) {
  const auto path = text(probe.node, "path");
  if (!serves(server, pods, text(probe.node, "port"))) return;
  for (const auto& one : routes)
    if (takes(*one.route, path)) return;
  report
      .at(*pods.owner, probe,
          fmt::format(
              "no route of Server '{}' takes GET {}, and with routes there is none for probes by itself: 404",
              *server.name, path))
      .notes = {see(*routes.front().route, "a route of it"),
                {{}, "add a route for the probe's path, open to the kubelet"}};
}

void check(const Estate& estate, Report& report) {
  for (const auto* server : estate.of("Server", "policy.linkerd.io")) {
    const auto& routes = estate.attached("Server", *server->ns, *server->name);
    if (routes.empty()) continue;
    const auto selector = labels_at(get(server->root, "spec.podSelector.matchLabels"));
    for (const auto* pods : estate.selected(*server->ns, selector))
      for (const Way& pattern :
           {Way("containers[].readinessProbe.httpGet"), Way("containers[].livenessProbe.httpGet")})
        each(*pods->spec, pattern,
             [&](const Place& probe) { check_probe(*server, routes, *pods, probe, report); });
  }
}

}  // namespace

extern const Rule probes_refused{
    .id = "probes-refused",
    .severity = Severity::kError,
    .peers = "",
    .title = "kubelet probes that a Linkerd Server with routes does not let through",
    .why =
        "Linkerd lets probes through by itself until the first HTTPRoute is attached to the Server; then "
        "only what a "
        "route takes exists, and the rest is 404. The pods never become ready, or are restarted for ever.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: http
---
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: api, namespace: shop}
spec:
  parentRefs: [{group: policy.linkerd.io, kind: Server, name: pets}]
  rules: [{matches: [{path: {type: PathPrefix, value: /api}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - name: pets
        image: pets:1.0
        ports: [{name: http, containerPort: 80}]
        readinessProbe:
          httpGet: {path: /ready, port: http} # <<
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: http
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - name: pets
        image: pets:1.0
        ports: [{name: http, containerPort: 80}]
        readinessProbe:
          httpGet: {path: /ready, port: http}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
