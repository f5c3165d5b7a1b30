#include "dialect/kinds.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dialect/istio/authorization_policy.hpp"
#include "dialect/istio/destination_rule.hpp"
#include "dialect/istio/envoy_filter.hpp"
#include "dialect/istio/peer_authentication.hpp"
#include "dialect/istio/sidecar.hpp"
#include "dialect/istio/telemetry.hpp"
#include "dialect/istio/virtual_service.hpp"
#include "dialect/kubernetes/objects.hpp"
#include "dialect/linkerd/read.hpp"

namespace marty::dialect {

namespace {

using std::string_view;
constexpr string_view kV1[] = {"v1"};
constexpr string_view kNetworking[] = {"v1", "v1beta1", "v1alpha3"};
constexpr string_view kSecurity[] = {"v1", "v1beta1"};
constexpr string_view kEnvoyFilter[] = {"v1alpha3"};
constexpr string_view kTelemetry[] = {"v1", "v1alpha1"};
constexpr string_view kGatewayRoute[] = {"v1", "v1beta1"};
constexpr string_view kPolicyRoute[] = {"v1beta3", "v1beta2", "v1beta1", "v1alpha1"};
constexpr string_view kServer[] = {"v1beta3", "v1beta2", "v1beta1", "v1alpha1"};
constexpr string_view kServerAuthorization[] = {"v1beta1", "v1alpha1"};
constexpr string_view kPolicyAlpha[] = {"v1alpha1"};
constexpr string_view kProfile[] = {"v1alpha2", "v1alpha1"};
constexpr string_view kSplit[] = {"v1alpha2", "v1alpha1"};

constexpr KindReader kKinds[] = {
    {"", "Namespace", kV1, kubernetes::read_namespace},
    {"", "Service", kV1, kubernetes::read_service},
    {"", "ServiceAccount", kV1, kubernetes::read_service_account},
    {"apps", "DaemonSet", kV1, kubernetes::read_workload},
    {"apps", "Deployment", kV1, kubernetes::read_workload},
    {"apps", "StatefulSet", kV1, kubernetes::read_workload},
    {"gateway.networking.k8s.io", "HTTPRoute", kGatewayRoute, linkerd::read_http_route},
    {"linkerd.io", "ServiceProfile", kProfile, linkerd::read_service_profile},
    {"networking.istio.io", "DestinationRule", kNetworking, istio::read_destination_rule},
    {"networking.istio.io", "EnvoyFilter", kEnvoyFilter, istio::read_envoy_filter},
    {"networking.istio.io", "Sidecar", kNetworking, istio::read_sidecar},
    {"networking.istio.io", "VirtualService", kNetworking, istio::read_virtual_service},
    {"policy.linkerd.io", "AuthorizationPolicy", kPolicyAlpha, linkerd::read_authorization_policy},
    {"policy.linkerd.io", "HTTPLocalRateLimitPolicy", kPolicyAlpha, linkerd::read_rate_limit},
    {"policy.linkerd.io", "HTTPRoute", kPolicyRoute, linkerd::read_http_route},
    {"policy.linkerd.io", "MeshTLSAuthentication", kPolicyAlpha, linkerd::read_mesh_tls_authentication},
    {"policy.linkerd.io", "NetworkAuthentication", kPolicyAlpha, linkerd::read_network_authentication},
    {"policy.linkerd.io", "Server", kServer, linkerd::read_server},
    {"policy.linkerd.io", "ServerAuthorization", kServerAuthorization, linkerd::read_server_authorization},
    {"security.istio.io", "AuthorizationPolicy", kSecurity, istio::read_authorization_policy},
    {"security.istio.io", "PeerAuthentication", kSecurity, istio::read_peer_authentication},
    {"telemetry.istio.io", "Telemetry", kTelemetry, istio::read_telemetry},
    {"split.smi-spec.io", "TrafficSplit", kSplit, linkerd::read_traffic_split},
};

bool of_a_mesh(string_view group) {
  return group.ends_with(".istio.io") || group.ends_with("linkerd.io") || group.ends_with("smi-spec.io") ||
         group == "gateway.networking.k8s.io";
}

/// Whose control plane reads a group; nothing for what Kubernetes itself knows.
std::optional<mesh::MeshKind> reader_of(string_view group) {
  if (!of_a_mesh(group)) return {};
  return group.ends_with(".istio.io") ? mesh::MeshKind::kIstio : mesh::MeshKind::kLinkerd;
}

SourceRange whole(const Sourced<std::string>& text) {
  return {text.origin, static_cast<std::uint16_t>(std::min<std::size_t>(text->size(), UINT16_MAX))};
}

Diagnostic& report_unread(const manifest::Resource& resource, string_view why, Diagnostics& found) {
  auto& finding = found.warning(
      "kind-not-read", whole(resource.kind),
      fmt::format("{} of {} {}; it has no effect here", *resource.kind, *resource.api_version, why));
  finding.object = resource.ref();
  return finding;
}

void report_unknown(const manifest::Resource& resource, Diagnostics& found) {
  std::vector<string_view> near;
  for (const auto& kind : kKinds) {
    if (kind.group == resource.group()) near.push_back(kind.kind);
  }
  auto& finding = report_unread(resource, "is not read by marty", found);
  if (const auto guess = closest(*resource.kind, near))
    finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *guess)});
}

}  // namespace

std::span<const KindReader> kinds() { return kKinds; }

void read_resource(const manifest::Resource& resource, mesh::Model& model, Diagnostics& found) {
  const auto* known = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const KindReader& k) {
    return k.kind == *resource.kind && k.group == resource.group();
  });
  if (known == std::end(kKinds)) {
    if (of_a_mesh(resource.group())) report_unknown(resource, found);
    return;
  }
  if (const auto reader = reader_of(known->group); reader && *reader != model.mesh_kind) {
    report_unread(resource, fmt::format("is not read by {}", to_string(model.mesh_kind)), found);
    // Where both meshes' objects stand side by side, Istio's are looked at for what they say.
    if (*reader == mesh::MeshKind::kLinkerd) return;
  }
  if (std::find(known->versions.begin(), known->versions.end(), resource.version()) ==
      known->versions.end()) {
    found
        .error("unknown-version", whole(resource.api_version),
               fmt::format("there is no {} in {}; it is served as {}", *resource.kind, *resource.api_version,
                           fmt::join(known->versions, ", ")))
        .object = resource.ref();
    return;
  }
  if (resource.name->empty()) {
    found
        .error("missing-field", whole(resource.kind),
               fmt::format("this {} needs metadata.name", *resource.kind))
        .object = resource.ref();
    return;
  }
  known->read(resource, model, found);
}

}  // namespace marty::dialect
