#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a container of the pods declares the port, by name or number. Undeclared numbers work as well, so
/// only pods that declare ports at all can contradict.
bool declares(const Pods& pods, std::string_view target, bool& any) {
  bool found = false;
  const auto look = [&](const Place& port) {
    any = true;
    found = found || text(port.node, "name") == target || text(port.node, "containerPort") == target;
  };
  each(*pods.spec, "containers[].ports[]", look);
  if (!found) each(*pods.spec, "initContainers[].ports[]", look);
  return found;
}

void check_port(const Estate& estate, const Resource& service, const Place& port, Report& report) {
  const Node* target = port.node.find("targetPort");
  const Node* at = target != nullptr ? target : port.node.find("port");
  if (at == nullptr) return;
  bool any = false;
  const auto& all = estate.pods_of(service);
  for (const auto* pods : all)
    if (declares(*pods, at->text, any)) return;
  if (!any) return;
  report
      .at(service, *at, port.path + (target != nullptr ? ".targetPort" : ".port"),
          fmt::format("no container of {} '{}' has the port {}", *all.front()->owner->kind,
                      *all.front()->owner->name, at->text))
      .notes = {see(*all.front()->owner, "its pods")};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("Service"), "spec.ports[]",
       [&](const Resource* service, const Place& port) { check_port(estate, *service, port, report); });
}

}  // namespace

extern const Rule port_reaches_no_container{
    .id = "port-reaches-no-container",
    .severity = Severity::kWarning,
    .peers = "KIA0701 dangling-service-port",
    .title = "a Service port that leads to no container port",
    .why =
        "Requests to the port go to a number nobody listens on (connection refused, 503 with UF), or, for a "
        "name no "
        "container has, nowhere at all. Meshes also take the container ports for what a pod serves.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports:
  - {name: http, port: 80, targetPort: 8081} # <<
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 8080}]}]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports:
  - {name: http, port: 80, targetPort: 8080}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 8080}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
