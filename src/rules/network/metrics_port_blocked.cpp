#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct SidecarPort {
  std::string_view name;
  std::int64_t port;
};
constexpr std::array<SidecarPort, 2> kPorts{{{"http-envoy-prom", 15090}, {"linkerd-admin", 4191}}};

/// Whether the policy's ingress rules let TCP to the port in, from anywhere at all.
bool opens(const Resource& policy, std::int64_t wanted) {
  bool open = false;
  each(policy.root, "spec.ingress[]", [&](const Place& rule) {
    const Node* ports = rule.node.find("ports");
    if (ports == nullptr || ports->size() == 0) open = true;
    each(rule.node, "ports[]", [&](const Place& port) {
      const auto first = number(port.node, "port"), last = number(port.node, "endPort");
      open |=
          port.node.find("port") == nullptr || (first && *first <= wanted && wanted <= last.value_or(*first));
    });
  });
  return open;
}

bool restricts_ingress(const Resource& policy) {
  const Node* types = get(policy.root, "spec.policyTypes");
  return types == nullptr ||
         std::ranges::any_of(types->children, [](auto& t) { return t.text == "Ingress"; });
}

using Policies = std::map<std::string_view, std::vector<const Resource*>>;  // by namespace

/// NetworkPolicies add up: a port is open when one of those that choose a pod opens it.
void check_pods(const Policies& policies, const Resource& monitor, const Place& port,
                const SidecarPort& wanted, const Pods& pods, Report& report) {
  const Resource* closed = nullptr;
  const auto there = policies.find(pods.ns());
  if (there == policies.end()) return;
  for (const auto* policy : there->second) {
    const Node* selector = get(policy->root, "spec.podSelector");
    if (!restricts_ingress(*policy) || selector == nullptr || selector->find("matchExpressions") != nullptr ||
        !mesh::selects(labels_at(selector->find("matchLabels")), pods.labels))
      continue;
    if (opens(*policy, wanted.port)) return;
    closed = policy;
  }
  if (closed == nullptr) return;
  report
      .at(monitor, port,
          fmt::format("no NetworkPolicy lets anybody in at port {} of '{}': its sidecar cannot be scraped",
                      wanted.port, *pods.owner->name))
      .notes = {see(*closed, "a policy that closes it"),
                {{}, fmt::format("open {} to the namespace of Prometheus", wanted.port)}};
}

void check(const Estate& estate, Report& report) {
  Policies policies;
  for (const auto* policy : estate.of("NetworkPolicy", "networking.k8s.io"))
    policies[*policy->ns].push_back(policy);
  if (policies.empty()) return;
  for (const auto* monitor : estate.of("PodMonitor")) {
    std::set<std::string_view> namespaces;
    each(monitor->root, "spec.namespaceSelector.matchNames[]",
         [&](const Place& at) { namespaces.insert(at.node.text); });
    if (namespaces.empty()) namespaces.insert(*monitor->ns);
    const auto labels = labels_at(get(monitor->root, "spec.selector.matchLabels"));
    each(monitor->root, "spec.podMetricsEndpoints[].port", [&](const Place& port) {
      const auto wanted = std::ranges::find(kPorts, port.node.text, &SidecarPort::name);
      if (wanted == kPorts.end()) return;
      for (const auto ns : namespaces)
        for (const auto* pods : estate.selected(ns, labels))
          if (wanted->port == 15090 ? estate.istio_injected(ns, pods) : estate.linkerd_injected(ns, pods))
            check_pods(policies, *monitor, port, *wanted, *pods, report);
    });
  }
}

}  // namespace

extern const Rule metrics_port_blocked{
    .id = "metrics-port-blocked",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a NetworkPolicy keeps Prometheus from the sidecars",
    .why =
        "A sidecar's own metrics are at a port of its own: 15090 with Istio, 4191 with Linkerd. A "
        "NetworkPolicy that lists the application's ports closes it, and all there is to know of the mesh, "
        "its errors, latencies and retries, is missing while the application's targets look healthy.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
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
  policyTypes: [Ingress]
  ingress: [{ports: [{port: 8080}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  podMetricsEndpoints:
  - port: http-envoy-prom # <<
    path: /stats/prometheus
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
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
  policyTypes: [Ingress]
  ingress:
  - ports: [{port: 8080}]
  - ports: [{port: 15090}]
    from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  podMetricsEndpoints:
  - port: http-envoy-prom
    path: /stats/prometheus
)",
    .check = check,
};

}  // namespace marty::rules::catalog
