#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool is_number(const Node& port) {
  return port.type() == manifest::ScalarType::kInteger ||
         std::ranges::all_of(port.text, [](char c) { return c >= '0' && c <= '9'; });
}

void check_port(const Resource& owner, const Place& container, std::string_view probe, const Way& way,
                Report& report) {
  const Node* found = container.node.find(probe);
  const Node* port = found == nullptr ? nullptr : get(*found, way);
  if (port == nullptr || !port->is_scalar() || is_number(*port)) return;
  bool known = false;
  std::vector<std::string_view> names;
  each(container.node, "ports[].name", [&](const Place& name) { known |= name.node.text == port->text; });
  if (known) return;
  each(container.node, "ports[].name", [&](const Place& name) { names.push_back(name.node.text); });
  suggest(
      report.at(owner, *port, fmt::format("{}.{}.{}", container.path, probe, way.words()),
                fmt::format("this container has no port named '{}': the probe fails for ever", port->text)),
      port->text, names);
}

void check_container(const Resource& owner, const Place& container, Report& report) {
  for (const auto probe : {"readinessProbe", "livenessProbe", "startupProbe"}) {
    check_port(owner, container, probe, "httpGet.port", report);
    check_port(owner, container, probe, "tcpSocket.port", report);
  }
}

void check(const Estate& estate, Report& report) {
  each(estate.pods(), "containers[]",
       [&](const Pods& pods, const Place& container) { check_container(*pods.owner, container, report); });
}

}  // namespace

extern const Rule probe_port_unknown{
    .id = "probe-port-unknown",
    .severity = Severity::kError,
    .peers = "liveness-port readiness-port startup-port",
    .title = "a probe of a port that its container does not name",
    .why =
        "The kubelet looks a named port up among the ports of the same container. When it is not there the "
        "probe fails every time: the pod never gets ready, so sidecars never send to it, or it is restarted "
        "again and again.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: https}} # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: http}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
