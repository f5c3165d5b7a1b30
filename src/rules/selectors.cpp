#include "rules/selectors.hpp"

namespace marty::rules {

namespace {
constexpr std::string_view kSecurity = "security.istio.io", kNetworking = "networking.istio.io";
constexpr SelectingKind kKinds[] = {
    {"AuthorizationPolicy", kSecurity, "spec.selector.matchLabels", true, false},
    {"DestinationRule", kNetworking, "spec.workloadSelector.matchLabels", false, false},
    {"EnvoyFilter", kNetworking, "spec.workloadSelector.labels", true, false},
    {"PeerAuthentication", kSecurity, "spec.selector.matchLabels", true, true},
    {"ProxyConfig", kNetworking, "spec.selector.matchLabels", true, true},
    {"RequestAuthentication", kSecurity, "spec.selector.matchLabels", true, false},
    {"Sidecar", kNetworking, "spec.workloadSelector.labels", true, true},
    {"Telemetry", "telemetry.istio.io", "spec.selector.matchLabels", true, true},
    {"WasmPlugin", "extensions.istio.io", "spec.selector.matchLabels", true, false},
    {"NetworkPolicy", "networking.k8s.io", "spec.podSelector.matchLabels", false, false},
    {"PodDisruptionBudget", "policy", "spec.selector.matchLabels", false, false},
    {"Server", "policy.linkerd.io", "spec.podSelector.matchLabels", false, false},
};
}  // namespace

std::span<const SelectingKind> selecting_kinds() { return kKinds; }

const Node* labels_of(const Resource& resource, const SelectingKind& kind) {
  const Node* labels = get(resource.root, kind.labels);
  return labels != nullptr && labels->size() > 0 ? labels : nullptr;
}

std::vector<const Pods*> chosen(const Estate& estate, const Resource& resource, const SelectingKind& kind) {
  const Node* labels = labels_of(resource, kind);
  if (!kind.everywhere_from_root || *resource.ns != estate.settings().root_namespace)
    return estate.selected(*resource.ns, labels);
  const auto selector = labels_at(labels);
  std::vector<const Pods*> out;
  for (const auto& pods : estate.pods())
    if (mesh::selects(selector, pods.labels)) out.push_back(&pods);
  return out;
}

}  // namespace marty::rules
