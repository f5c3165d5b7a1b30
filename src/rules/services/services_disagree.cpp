#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

std::string_view protocol_of(const Node& port) {
  const auto said = text(port, "appProtocol");
  if (!said.empty()) return said;
  const auto name = text(port, "name");
  return name.substr(0, name.find('-'));
}

struct Known {
  const Resource* service;
  const Node* port;
};

void check(const Estate& estate, Report& report) {
  std::map<std::pair<const Pods*, std::string_view>, Known> first;
  each(estate.of("Service"), "spec.ports[]", [&](const Resource* service, const Place& port) {
    const Node* target = port.node.find("targetPort");
    const auto key = target != nullptr ? std::string_view(target->text) : text(port.node, "port");
    for (const auto* pods : estate.pods_of(*service)) {
      const auto [place, fresh] = first.try_emplace({pods, key}, Known{service, &port.node});
      if (fresh || protocol_of(*place->second.port) == protocol_of(port.node)) continue;
      report
          .at(*service, port,
              fmt::format("port {} of {} '{}' is {} here and {} in Service '{}'", key, *pods->owner->kind,
                          *pods->owner->name, protocol_of(port.node), protocol_of(*place->second.port),
                          *place->second.service->name))
          .notes = {see(*place->second.port, "there")};
      break;
    }
  });
}

}  // namespace

extern const Rule services_disagree{
    .id = "services-disagree",
    .severity = Severity::kWarning,
    .peers = "IST0116 IST0137",
    .title = "Services that take one port of the same pods for different protocols",
    .why =
        "The pod's sidecar has one listener per port, so it can treat the port in one way only. With an http "
        "and a "
        "tcp Service before it callers and server disagree about what is spoken, and HTTP policies apply to "
        "some "
        "requests and not to others.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: pets-raw, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: tcp, port: 81, targetPort: 8080}] # <<
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 8080}]}]}
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 8080}]}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
