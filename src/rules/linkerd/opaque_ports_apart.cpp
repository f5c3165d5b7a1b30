#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/ports.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kOpaque = "config.linkerd.io/opaque-ports";
constexpr std::string_view kDefault = "25,587,3306,4444,5432,6379,9300,11211";

/// What pods go by: their own annotation, else their namespace's, else Linkerd's default (linkerd.md 2.3).
std::string_view opaque_of(const Estate& estate, const Pods& pods) {
  if (const auto own = pods.annotation(kOpaque); !own.empty()) return own;
  const Resource* space = estate.find("Namespace", "", pods.ns());
  const Node* shared = space == nullptr ? nullptr : get(space->root, "metadata.annotations");
  const Node* said = shared == nullptr ? nullptr : shared->find(kOpaque);
  return said == nullptr ? kDefault : std::string_view(said->text);
}

void check_service(const Estate& estate, const Resource& service, const Node& opaque, Report& report) {
  const auto* known = estate.modelled(service);
  if (known == nullptr) return;
  for (const auto* pods : estate.pods_of(service)) {
    if (!estate.linkerd_injected(pods->ns(), pods)) continue;
    const auto theirs = opaque_of(estate, *pods);
    for (const auto& port : known->ports) {
      const auto target = port.target_port != 0 ? port.target_port : port.port;
      if (!lists_port(opaque.text, port.port) || lists_port(theirs, target)) continue;
      report
          .at(service, opaque, "metadata.annotations",
              fmt::format("port {} is opaque to callers, and port {} of '{}' is not to its own proxy",
                          port.port, target, *pods->owner->name))
          .notes = {see(*pods->owner, "these pods"),
                    {{}, fmt::format("annotate their template {}: \"{}\"", kOpaque, target)}};
      return;
    }
  }
}

void check(const Estate& estate, Report& report) {
  for (const auto* service : estate.of("Service")) {
    const Node* annotations = get(service->root, "metadata.annotations");
    const Node* opaque = annotations == nullptr ? nullptr : annotations->find(kOpaque);
    if (opaque != nullptr) check_service(estate, *service, *opaque, report);
  }
}

}  // namespace

extern const Rule opaque_ports_apart{
    .id = "opaque-ports-apart",
    .severity = Severity::kWarning,
    .peers = "linkerd-opaque-ports",
    .title = "a port is opaque at the Service and not at its pods",
    .why =
        "Callers' proxies go by the Service's annotation, the pod's own proxy by the pod's. When only the "
        "Service says opaque, the pod's proxy still looks for HTTP in what comes from callers without a "
        "proxy: the first bytes are held back for up to ten seconds, and protocols in which the server "
        "speaks first stall each time.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata:
  name: queue
  namespace: shop
  annotations:
    config.linkerd.io/opaque-ports: "5672" # <<
spec:
  selector: {app: queue}
  ports: [{name: tcp-amqp, port: 5672}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: queue, namespace: shop}
spec:
  selector: {matchLabels: {app: queue}}
  template:
    metadata:
      labels: {app: queue}
      annotations: {linkerd.io/inject: enabled}
    spec:
      serviceAccountName: queue
      containers: [{name: queue, image: queue:1, ports: [{containerPort: 5672}]}]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata:
  name: queue
  namespace: shop
  annotations:
    config.linkerd.io/opaque-ports: "5672"
spec:
  selector: {app: queue}
  ports: [{name: tcp-amqp, port: 5672}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: queue, namespace: shop}
spec:
  selector: {matchLabels: {app: queue}}
  template:
    metadata:
      labels: {app: queue}
      annotations: {linkerd.io/inject: enabled, config.linkerd.io/opaque-ports: "5672"}
    spec:
      serviceAccountName: queue
      containers: [{name: queue, image: queue:1, ports: [{containerPort: 5672}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
