#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

enum class Wire { kUnknown, kHttp1, kHttp2 };

/// What a Service's port says of itself. To Linkerd names mean nothing, so of those only gRPC's counts, which
/// no HTTP/1 server speaks.
Wire wire_of(const Node& port) {
  const auto said = text(port, "appProtocol"), name = text(port, "name");
  if (said == "kubernetes.io/h2c" || said == "http2" || said == "grpc") return Wire::kHttp2;
  if (said.empty() && (name == "grpc" || name.starts_with("grpc-"))) return Wire::kHttp2;
  return said == "http" ? Wire::kHttp1 : Wire::kUnknown;
}

bool same_port(const Pods& pods, std::string_view a, std::string_view b) {
  bool same = a == b;
  each(*pods.spec, "containers[].ports[]", [&](const Place& one) {
    const auto name = text(one.node, "name"), value = text(one.node, "containerPort");
    same = same || ((name == a || value == a) && (name == b || value == b));
  });
  return same;
}

void check_service(const Resource& server, const Node& protocol, const Resource& service, const Pods& pods,
                   Report& report) {
  const auto wanted = text(server.root, "spec.port");
  each(service.root, "spec.ports[]", [&](const Place& port) {
    const auto target = text(port.node, "targetPort");
    if (!same_port(pods, wanted, target.empty() ? text(port.node, "port") : target)) return;
    const auto wire = wire_of(port.node);
    const bool unlike = (protocol.text == "HTTP/2" || protocol.text == "gRPC") ? wire == Wire::kHttp1
                        : protocol.text == "HTTP/1"                            ? wire == Wire::kHttp2
                                                                               : false;
    if (unlike)
      report
          .at(server, protocol, "spec.proxyProtocol",
              fmt::format(
                  "the Service '{}' calls this port {}: callers without a proxy fail at the first byte",
                  *service.name, wire == Wire::kHttp1 ? "HTTP/1" : "HTTP/2"))
          .notes = {see(port.node, "the Service's port"),
                    {{}, "say the same in both, or leave proxyProtocol out"}};
  });
}

void check(const Estate& estate, Report& report) {
  std::map<std::string_view, std::vector<const Resource*>> services;
  for (const auto* service : estate.of("Service")) services[*service->ns].push_back(service);
  for (const auto* server : estate.of("Server", "policy.linkerd.io")) {
    const Node* protocol = get(server->root, "spec.proxyProtocol");
    const auto pods =
        estate.selected(*server->ns, labels_at(get(server->root, "spec.podSelector.matchLabels")));
    if (protocol == nullptr || pods.empty()) continue;
    for (const auto* service : services[*server->ns]) {
      const auto selector = labels_at(get(service->root, "spec.selector"));
      if (!selector.empty() && mesh::selects(selector, pods.front()->labels))
        check_service(*server, *protocol, *service, *pods.front(), report);
    }
  }
}

}  // namespace

extern const Rule protocol_unlike_service{
    .id = "protocol-unlike-service",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a Linkerd Server and the Service before it name different protocols for a port",
    .why =
        "With proxyProtocol set the proxy does not look: it reads HTTP/2 or HTTP/1 as it was told. Meshed "
        "callers bring their requests in a form of their own and work; the kubelet, an ingress outside of "
        "the mesh and Prometheus speak what the application speaks, and fail at the first byte.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]
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
      containers: [{name: pets, image: pets:1, ports: [{name: api, containerPort: 8080}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: api
  proxyProtocol: HTTP/2 # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]
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
      containers: [{name: pets, image: pets:1, ports: [{name: api, containerPort: 8080}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: api
  proxyProtocol: HTTP/1
)",
    .check = check,
};

}  // namespace marty::rules::catalog
