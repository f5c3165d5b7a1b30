#include <fmt/format.h>

#include <array>
#include <map>

#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

using Name = std::pair<std::string_view, std::string_view>;

/// What the kubelet asks: "GET /ready on port 8080"; empty when there is no such probe.
std::string asked(const Node* probe) {
  if (probe == nullptr) return {};
  const Node* get_path = get(*probe, "httpGet.path");
  if (get_path == nullptr) return {};
  return fmt::format("GET {} on port {}", get_path->text, text(*probe, "httpGet.port"));
}

const Node* container_named(const Pods& pods, std::string_view name) {
  const Node* found = nullptr;
  each(*pods.spec, "containers[]", [&](const Place& place) {
    if (text(place.node, "name") == name) found = &place.node;
  });
  return found;
}

void look(const Twins& twins, const Pods& istio, const Pods& linkerd, Report& report) {
  static constexpr std::array kProbes{"startupProbe", "readinessProbe", "livenessProbe"};
  each(*linkerd.spec, "containers[]", [&](const Place& container) {
    const Node* twin = container_named(istio, text(container.node, "name"));
    if (twin == nullptr) return;
    for (const std::string_view kind : kProbes) {
      const Node *here = container.node.find(kind), *there = twin->find(kind);
      const auto first = asked(there), second = asked(here);
      if (first == second) continue;
      const Node& at = here != nullptr ? *here : container.node;
      report
          .at(*linkerd.owner, at, fmt::format("{}.{}", container.path, kind),
              fmt::format("{} of '{}' is {} under Linkerd, and {} under Istio", kind, *linkerd.owner->name,
                          second.empty() ? "none by HTTP" : second, first.empty() ? "none by HTTP" : first))
          .notes.push_back(
              see(there != nullptr ? *there : *twin, fmt::format("what {} says", twins.istio.name)));
    }
  });
}

void look(const Twins& twins, Report& report) {
  std::map<Name, const Pods*> known;
  for (const auto& pods : twins.istio.estate.pods()) known.emplace(Name(pods.ns(), *pods.owner->name), &pods);
  for (const auto& pods : twins.linkerd.estate.pods())
    if (const auto twin = known.find(Name(pods.ns(), *pods.owner->name)); twin != known.end())
      look(twins, *twin->second, pods, report);
}

void compare(const Comparison& comparison, Report& report) {
  each_twins(comparison, [&](const Twins& twins) { look(twins, report); });
}

}  // namespace

extern const Rule meshes_differ_in_probes{
    .id = "meshes-differ-in-probes",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "the kubelet asks another path under one mesh than under the other",
    .why =
        "Probes say when a pod is ready and when it is restarted; both meshes pass them through (Istio's "
        "agent asks for the kubelet, Linkerd lets the paths of probes in). A probe that was changed in the "
        "patch of one overlay makes the same image count as ready there at another time. Under Linkerd the "
        "path matters twice: once a Server has routes of its own, the path must be among them, so a route "
        "for the old path no longer helps. Keep probes in the base that both overlays share.",
    .bad = R"(
# === overlay istio
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80}]
        readinessProbe:
          httpGet: {path: /ready, port: 80}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80}]
        readinessProbe:
          httpGet: {path: /healthz, port: 80} # <<
)",
    .good = R"(
# === overlay istio
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80}]
        readinessProbe:
          httpGet: {path: /ready, port: 80}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: web:1
        ports: [{containerPort: 80}]
        readinessProbe:
          httpGet: {path: /ready, port: 80}
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
