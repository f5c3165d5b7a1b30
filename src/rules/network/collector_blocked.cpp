#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/connections.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Where sidecars send their spans, as the mesh's configuration declares it.
struct Collector {
  const Resource* service = nullptr;
  std::vector<const Pods*> pods;
  std::uint16_t port = 0;  ///< of the pods
  const Node* declared = nullptr;
};

/// Providers that some Telemetry or the mesh's defaults name.
std::set<std::string, std::less<>> in_use(const Estate& estate) {
  std::set<std::string, std::less<>> out;
  each(estate.of("Telemetry"), "spec.tracing[].providers[].name",
       [&](const Resource*, const Place& at) { out.insert(at.node.text); });
  for (const auto& config : estate.settings().mesh_configs)
    each(config, "defaultProviders.tracing[]", [&](const Place& at) { out.insert(at.node.text); });
  return out;
}

std::optional<Collector> collector_of(const Estate& estate, const Node& provider) {
  for (const auto* kind : {"opentelemetry", "zipkin", "skywalking", "datadog"}) {
    const Node* sink = provider.find(kind);
    if (sink == nullptr) continue;
    // "namespace/host" says where to look for the host.
    auto host = text(*sink, "service");
    if (const auto slash = host.find('/'); slash != host.npos) host.remove_prefix(slash + 1);
    const auto* service = estate.service(host, estate.settings().root_namespace);
    const auto wanted = number(*sink, "port").value_or(0);
    const auto* known = service == nullptr ? nullptr : estate.modelled(*service);
    if (known == nullptr) return std::nullopt;
    for (const auto& port : known->ports)
      if (port.port == wanted)
        return Collector{service, estate.pods_of(*service),
                         port.target_port != 0 ? port.target_port : port.port, sink};
  }
  return std::nullopt;
}

std::vector<Collector> collectors(const Estate& estate) {
  const auto used = in_use(estate);
  std::vector<Collector> out;
  for (const auto& config : estate.settings().mesh_configs)
    each(config, "extensionProviders[]", [&](const Place& at) {
      if (!used.contains(text(at.node, "name"))) return;
      if (auto found = collector_of(estate, at.node)) out.push_back(std::move(*found));
    });
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto all = collectors(estate);
  if (all.empty() || estate.of("NetworkPolicy").empty()) return;
  const Connections connections(estate);
  std::set<std::pair<std::uint32_t, std::uint16_t>> said;  // one finding for a line of a policy
  for (const auto& collector : all)
    for (const auto& pods : estate.pods()) {
      if (collector.pods.empty() || !estate.istio_injected(pods.ns(), &pods)) continue;
      const auto refused = connections.refused(pods, *collector.pods.front(), collector.port);
      if (!refused || !said.insert({refused->where.begin.line, refused->where.begin.file}).second) continue;
      auto& finding =
          report.object(*pods.owner, fmt::format("the sidecars of these pods send spans to '{}', port {}: {}",
                                                 *collector.service->name, collector.port, refused->text));
      finding.notes = {{refused->where, "this NetworkPolicy"},
                       see(*collector.declared, "the tracer"),
                       {{}, "open the collector's port: the application may do without it, the sidecar not"}};
    }
}

}  // namespace

extern const Rule collector_blocked{
    .id = "collector-blocked",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a NetworkPolicy keeps sidecars from their trace collector",
    .why =
        "Spans leave the pod like any other connection, from the sidecar, and a NetworkPolicy that lists "
        "what the application calls does not know of it. Calls work, traces are missing, and the only sign "
        "is a counter of the tracer's in the sidecar.",
    .bad = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: tempo
      opentelemetry: {service: tempo.tracing.svc.cluster.local, port: 4317}
    defaultProviders: {tracing: [tempo]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: tempo, namespace: tracing}
spec:
  selector: {app: tempo}
  ports: [{name: grpc-otlp, port: 4317}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tempo, namespace: tracing}
spec:
  selector: {matchLabels: {app: tempo}}
  template:
    metadata: {labels: {app: tempo}}
    spec:
      serviceAccountName: tempo
      containers: [{name: tempo, image: tempo:2, ports: [{containerPort: 4317}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pets # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  policyTypes: [Egress]
  egress:
  - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}, {protocol: TCP, port: 15012}]
)",
    .good = R"(
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: tempo
      opentelemetry: {service: tempo.tracing.svc.cluster.local, port: 4317}
    defaultProviders: {tracing: [tempo]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: tempo, namespace: tracing}
spec:
  selector: {app: tempo}
  ports: [{name: grpc-otlp, port: 4317}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: tempo, namespace: tracing}
spec:
  selector: {matchLabels: {app: tempo}}
  template:
    metadata: {labels: {app: tempo}}
    spec:
      serviceAccountName: tempo
      containers: [{name: tempo, image: tempo:2, ports: [{containerPort: 4317}]}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 8080}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  policyTypes: [Egress]
  egress:
  - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}, {protocol: TCP, port: 15012}]
  - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: tracing}}}]
    ports: [{protocol: TCP, port: 4317}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
