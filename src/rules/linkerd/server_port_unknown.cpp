#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Ports of the proxy that the injector adds.
constexpr std::array<std::string_view, 2> kOfTheProxy{"linkerd-proxy", "linkerd-admin"};

void check(const Estate& estate, Report& report) {
  for (const auto* server : estate.of("Server", "policy.linkerd.io")) {
    const Node* port = get(server->root, "spec.port");
    const Node* selector = get(server->root, "spec.podSelector");
    if (port == nullptr || selector == nullptr || selector->find("matchExpressions") != nullptr ||
        number(server->root, "spec.port") || std::ranges::find(kOfTheProxy, port->text) != kOfTheProxy.end())
      continue;
    const auto pods = estate.selected(*server->ns, labels_at(selector->find("matchLabels")));
    std::vector<std::string_view> names;
    for (const auto* one : pods)
      for (const Way& pattern : {Way("containers[].ports[].name"), Way("initContainers[].ports[].name")})
        each(*one->spec, pattern, [&](const Place& name) { names.push_back(name.node.text); });
    if (pods.empty() || std::ranges::find(names, port->text) != names.end()) continue;
    auto& finding = report.at(
        *server, *port, "spec.port",
        fmt::format("no pods of this Server have a port called '{}': it guards nothing", port->text));
    suggest(finding, port->text, names);
    finding.notes.push_back(see(*pods.front()->owner, "the pods"));
  }
}

}  // namespace

extern const Rule server_port_unknown{
    .id = "server-port-unknown",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a Server for a port that its pods do not have",
    .why =
        "A Server is in force at one port of the pods it selects, by number or by the name the container "
        "gave "
        "it; the Service's names do not count. With a name that no container has it is accepted, and the "
        "policies on it protect nothing: the port has the default policy of the namespace.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}, annotations: {linkerd.io/inject: enabled}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1", ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: http-web # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}, annotations: {linkerd.io/inject: enabled}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1", ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: http
)",
    .check = check,
};

}  // namespace marty::rules::catalog
