#include <fmt/format.h>

#include <charconv>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kOpaque = "config.linkerd.io/opaque-ports";
constexpr std::string_view kDefault = "25,587,3306,4444,5432,6379,9300,11211";

/// Whether a list such as "25,8000-8010" has the port.
bool lists(std::string_view list, std::uint32_t port) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto item = list.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    std::uint32_t first = 0, last = 0;
    const auto end = item.data() + item.size();
    const auto [stop, failure] = std::from_chars(item.data(), end, first);
    last = first;
    if (failure == std::errc{} && stop != end && *stop == '-') std::from_chars(stop + 1, end, last);
    if (first <= port && port <= last) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

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
      if (!lists(opaque.text, port.port) || lists(theirs, target)) continue;
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
