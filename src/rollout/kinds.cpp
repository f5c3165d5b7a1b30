#include "rollout/kinds.hpp"

#include <algorithm>

#include "kustomize/object.hpp"

namespace marty::rollout {
namespace {

constexpr auto kNever = Kind::Removal::kNever;

// Removing a Namespace or a definition removes what others put there, so we never do.
constexpr Kind kKinds[] = {
    {"", "Namespace", Stage::kNamespace, kNever},
    {"apiextensions.k8s.io", "CustomResourceDefinition", Stage::kDefinition, kNever},
    {"", "ServiceAccount", Stage::kIdentity},
    {"", "Secret", Stage::kIdentity},
    {"", "ConfigMap", Stage::kIdentity},
    {"rbac.authorization.k8s.io", "Role", Stage::kIdentity},
    {"rbac.authorization.k8s.io", "RoleBinding", Stage::kIdentity},
    {"", "Service", Stage::kService},
    {"networking.istio.io", "ServiceEntry", Stage::kService},
    {"networking.istio.io", "WorkloadEntry", Stage::kService},
    {"policy.linkerd.io", "EgressNetwork", Stage::kService},
    {"apps", "Deployment", Stage::kWorkload},
    {"apps", "StatefulSet", Stage::kWorkload},
    {"apps", "DaemonSet", Stage::kWorkload},
    {"policy", "PodDisruptionBudget", Stage::kWorkload},
    {"autoscaling", "HorizontalPodAutoscaler", Stage::kWorkload},
    {"networking.istio.io", "DestinationRule", Stage::kDestination},
    {"networking.istio.io", "Gateway", Stage::kDestination},
    {"networking.istio.io", "Sidecar", Stage::kDestination},
    {"networking.istio.io", "ProxyConfig", Stage::kDestination},
    {"gateway.networking.k8s.io", "Gateway", Stage::kDestination},
    {"gateway.networking.k8s.io", "ReferenceGrant", Stage::kDestination},
    {"security.istio.io", "PeerAuthentication", Stage::kAuthentication},
    {"security.istio.io", "RequestAuthentication", Stage::kAuthentication},
    {"policy.linkerd.io", "MeshTLSAuthentication", Stage::kAuthentication},
    {"policy.linkerd.io", "NetworkAuthentication", Stage::kAuthentication},
    {"security.istio.io", "AuthorizationPolicy", Stage::kAuthorization},
    {"policy.linkerd.io", "AuthorizationPolicy", Stage::kAuthorization},
    {"policy.linkerd.io", "ServerAuthorization", Stage::kAuthorization},
    {"networking.k8s.io", "NetworkPolicy", Stage::kAuthorization},
    {"access.smi-spec.io", "TrafficTarget", Stage::kAuthorization},
    {"policy.linkerd.io", "Server", Stage::kServer},
    {"networking.istio.io", "EnvoyFilter", Stage::kRoute},
    {"extensions.istio.io", "WasmPlugin", Stage::kRoute},
    {"networking.istio.io", "VirtualService", Stage::kRoute},
    {"gateway.networking.k8s.io", "HTTPRoute", Stage::kRoute},
    {"gateway.networking.k8s.io", "GRPCRoute", Stage::kRoute},
    {"policy.linkerd.io", "HTTPRoute", Stage::kRoute},
    {"policy.linkerd.io", "HTTPLocalRateLimitPolicy", Stage::kRoute},
    {"linkerd.io", "ServiceProfile", Stage::kRoute},
    {"specs.smi-spec.io", "HTTPRouteGroup", Stage::kDestination},
    {"split.smi-spec.io", "TrafficSplit", Stage::kRoute},
    {"networking.k8s.io", "Ingress", Stage::kRoute},
    {"telemetry.istio.io", "Telemetry", Stage::kObservation},
    {"monitoring.coreos.com", "ServiceMonitor", Stage::kObservation},
    {"monitoring.coreos.com", "PodMonitor", Stage::kObservation},
    {"monitoring.coreos.com", "PrometheusRule", Stage::kObservation},
};

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

Kind kind_of(std::string_view group, std::string_view kind) {
  const auto* row = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const Kind& k) { return k.kind == kind && k.group == group; });
  return row == std::end(kKinds) ? Kind{group, kind, Stage::kOther, kNever} : *row;
}

Key key_of(const manifest::Resource& resource) {
  const bool scoped = !kustomize::is_cluster_scoped(*resource.api_version, *resource.kind);
  return {std::string(resource.group()), *resource.kind, scoped ? *resource.ns : "", *resource.name};
}

std::string shown(const Key& key) { return key.kind + " " + (key.ns.empty() ? "" : key.ns + "/") + key.name; }

std::string kubectl_name(const Key& key) {
  std::string kind = key.kind;
  for (char& c : kind)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return kind + (key.group.empty() ? "" : "." + key.group) + "/" + key.name;
}

}  // namespace marty::rollout
