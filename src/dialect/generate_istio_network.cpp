#include <fmt/format.h>

#include <set>

#include "dialect/generate_parts.hpp"

/// The NetworkPolicy beside Istio: the connections that the mesh, its callers and the monitoring need, and no
/// others.
namespace marty::dialect::generated {

using mesh::PolicyFile;

namespace {

using Namespaces = std::set<std::string>;

/// Where callers with a permission live; nothing: they may be anywhere.
std::optional<Namespaces> callers(const PolicyFile& file) {
  if (file.security.allow.empty() || authorization_is_dry_run(file)) return {};
  Namespaces all{"istio-system"};  // gateways: callers from outside and from other clusters come through them
  for (const auto& allow : file.security.allow)
    if (allow.from.empty()) return {};
  for (const auto& ns : mesh::caller_namespaces(file, mesh::MeshKind::kIstio)) all.insert(ns);
  return all;
}

/// Only the label that every namespace has by itself is sure to be there.
std::string one_namespace(std::string_view key, const std::string& ns) {
  return fmt::format(
      "  - {}:\n"
      "    - namespaceSelector:\n"
      "        matchLabels:\n"
      "          kubernetes.io/metadata.name: {}\n",
      key, scalar(ns));
}

std::string namespaces(std::string_view key, const Namespaces& all) {
  std::string out;
  for (const auto& ns : all) {
    const auto text = one_namespace(key, ns);
    out += out.empty() ? text : text.substr(text.find('\n') + 1);
  }
  return out;
}

std::string ports(std::initializer_list<std::pair<std::uint32_t, const char*>> all) {
  std::string out = "    ports:\n";
  for (const auto& [port, why] : all)
    if (port != 0) out += fmt::format("    # {}\n    - protocol: TCP\n      port: {}\n", why, port);
  return out;
}

std::string ingress(const PolicyFile& file) {
  std::string out = "  ingress:\n";
  if (const auto from = callers(file)) {
    out += "  # Those who may call, where security.allow says that they live; and Istio's gateways.\n" +
           namespaces("from", *from);
  } else {
    out +=
        "  # Anybody may call something, so what they may call is left to the mesh.\n"
        "  - from:\n    - namespaceSelector: {}\n";
  }
  out += ports({{*file.service.port, "Sidecars keep the application's port."},
                {15008, "Callers whose proxy is no sidecar (ambient) come through this tunnel."}});
  out +=
      "  # Prometheus, wherever it runs.\n"
      "  - from:\n    - namespaceSelector: {}\n";
  out += ports({{*file.workload.metrics_port, "the application's metrics"},
                {15020, "the sidecar's and the application's together"},
                {15090, "the sidecar's own"}});
  return out;
}

std::string egress(const PolicyFile& file) {
  Namespaces called;
  for (const auto& dependency : dependencies(file))
    if (dependency.ns != *file.ns) called.insert(dependency.ns);
  std::string out =
      "  egress:\n"
      "  # DNS, wherever it runs; long answers come over TCP.\n"
      "  - ports:\n"
      "    - protocol: UDP\n"
      "      port: 53\n"
      "    - protocol: TCP\n"
      "      port: 53\n"
      "  # istiod, for configuration and certificates: without it a sidecar never starts.\n";
  out += one_namespace("to", "istio-system") + "    ports:\n    - protocol: TCP\n      port: 15012\n";
  if (const auto& to = file.observability.collector; *file.observability.tracing_sampling > 0)
    out += "  # Spans, as OTLP over gRPC.\n" + one_namespace("to", *to.ns) +
           fmt::format("    ports:\n    - protocol: TCP\n      port: {}\n", *to.port);
  out += "  # Its own namespace.\n  - to:\n    - podSelector: {}\n";
  if (called.empty()) return out;
  out +=
      "  # The same services in other clusters, through the gateways there (ops/service-mesh).\n"
      "  - ports:\n    - protocol: TCP\n      port: 15443\n";
  return out + "  # What service.dependsOn names.\n" + namespaces("to", called);
}

}  // namespace

std::string istio_network_policy(const Draft& draft) {
  const auto& file = draft.file;
  const bool closed = file.service.depends_on.has_value();
  std::string out = draft.heading;
  out +=
      "# Which connections may be opened at all; the mesh then decides about requests. Probes need no rule: "
      "a node "
      "always\n"
      "# reaches its own pods. It takes effect where the cluster's network plug-in enforces "
      "NetworkPolicies.\n";
  out += fmt::format(
      "apiVersion: networking.k8s.io/v1\n"
      "kind: NetworkPolicy\n"
      "metadata:\n"
      "  name: {0}\n"
      "  namespace: {1}\n"
      "  labels:\n"
      "    app: {0}\n"
      "    app.kubernetes.io/managed-by: marty\n"
      "spec:\n"
      "  podSelector:\n"
      "    matchLabels:\n"
      "      app: {0}\n"
      "  policyTypes:\n"
      "  - Ingress\n",
      scalar(*file.name), scalar(*file.ns));
  if (closed) {
    out += "  - Egress\n";
  } else {
    out += "  # Egress stays open: service.dependsOn does not say what it calls.\n";
  }
  return out + ingress(file) + (closed ? egress(file) : "");
}

}  // namespace marty::dialect::generated
