#include <fmt/format.h>

#include "multicluster/parts.hpp"

/// Linkerd: each cluster has its own control plane; a Link per peer has the services that it exports mirrored
/// here, over a gateway or, on one network, pod to pod.
namespace marty::multicluster {

using dialect::GeneratedFile;

namespace {

std::string control_plane(const Draft& draft) {
  return fmt::format(
      R"({0}# Values for the chart linkerd-control-plane. The certificates come on the command line, from trust.sh.
# The same in all clusters, or a caller's identity means nothing in the others.
identityTrustDomain: {1}
clusterDomain: cluster.local
)",
      draft.heading, *draft.set.trust_domain);
}

std::string extension(const Draft& draft, const Cluster& cluster) {
  return fmt::format(R"({0}# Values for the chart linkerd-multicluster.
gateway:
  # Only between networks: on one network pods are asked directly.
  enabled: {1}
  port: 4143
  probe:
    path: /ready
    port: 4191
# One that watches each of the others and mirrors what it exports; the Links say how.
controllers:
{2})",
                     draft.heading, !draft.set.one_network(),
                     each_peer(draft.set, cluster, [](const Cluster& peer) {
                       return fmt::format("- link:\n    ref:\n      name: {}\n", *peer.name);
                     }));
}

std::string link(const Draft& draft, const Cluster& peer) {
  std::string out = fmt::format(R"(apiVersion: multicluster.linkerd.io/v1alpha3
kind: Link
metadata:
  name: {0}
  namespace: linkerd-multicluster
  labels:
    app.kubernetes.io/managed-by: marty
spec:
  targetClusterName: {0}
  targetClusterDomain: cluster.local
  targetClusterLinkerdNamespace: linkerd
  # Made by link-gen: what may be read over there.
  clusterCredentialsSecret: cluster-credentials-{0}
)",
                                *peer.name);
  if (!draft.set.one_network())
    out += fmt::format(R"(  gatewayAddress: {0}
  gatewayPort: "4143"
  # Whom the connection must lead to, whatever the address.
  gatewayIdentity: linkerd-gateway.linkerd-multicluster.serviceaccount.identity.linkerd.{1}
  # A gateway that does not answer takes its mirrored endpoints out.
  probeSpec:
    path: /ready
    port: "4191"
    period: 3s
    timeout: 30s
    failureThreshold: "3"
  selector:
    matchLabels:
      mirror.linkerd.io/exported: "true"
)",
                       *peer.linkerd_gateway, *draft.set.trust_domain);
  return out + R"(  remoteDiscoverySelector:
    matchLabels:
      mirror.linkerd.io/exported: remote-discovery
  federatedServiceSelector:
    matchLabels:
      mirror.linkerd.io/federated: member
)";
}

std::string links(const Draft& draft, const Cluster& own) {
  std::string out;
  for (const auto& peer : draft.set.clusters) {
    if (!has_link(draft.set, own, peer)) continue;
    out += out.empty()
               ? draft.heading + "# The peers whose exported services are mirrored into this cluster.\n"
               : "---\n";
    out += link(draft, peer);
  }
  return out;
}

std::string kustomization(const Draft& draft) {
  return draft.heading +
         "# What this cluster needs beside its charts: kubectl apply -k here, after link-gen.\n"
         "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- links.yaml\n";
}

std::string export_label(const ClusterSet& set, const SharedService& service) {
  if (service.linkerd == ClusterSet::Service::Linkerd::kFederated)
    return "        # In every cluster: " + service.host +
           "-federated, over the pods of all of them.\n        mirror.linkerd.io/federated: member\n";
  return "        # In each other cluster: " + service.host +
         "-<this cluster>.\n        mirror.linkerd.io/exported: " +
         (set.one_network() ? "remote-discovery\n" : "\"true\"\n");
}

std::string service_overlay(const Draft& draft, const SharedService& service) {
  return fmt::format(R"({0}# {1} in this cluster, offered to the others: kubectl apply -k on this directory.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- {2}/service-mesh-linkerd
patches:
- patch: |-
    apiVersion: v1
    kind: Service
    metadata:
      name: {3}
      namespace: {4}
      labels:
{5})",
                     draft.heading, service.name, service.overlays, service.host, service.ns,
                     export_label(draft.set, service));
}

}  // namespace

bool has_link(const ClusterSet& set, const Cluster& own, const Cluster& peer) {
  return own.name != peer.name && (set.one_network() || !peer.linkerd_gateway->empty());
}

void generate_linkerd(const Draft& draft, std::vector<GeneratedFile>& files) {
  files.push_back({"linkerd/README.md", linkerd_guide(draft), ""});
  files.push_back({"linkerd/trust.sh", linkerd_trust_script(draft), "", true});
  files.push_back({"linkerd/control-plane-values.yaml", control_plane(draft), ""});
  for (const auto& cluster : draft.set.clusters) {
    const std::string folder = "linkerd/" + *cluster.name + "/";
    files.push_back({folder + "multicluster-values.yaml", extension(draft, cluster), ""});
    if (auto text = links(draft, cluster); !text.empty()) {
      files.push_back({folder + "kustomization.yaml", kustomization(draft), ""});
      files.push_back({folder + "links.yaml", std::move(text), ""});
    }
    for (const auto& service : draft.services)
      files.push_back({folder + service.name + "/kustomization.yaml", service_overlay(draft, service), ""});
  }
}

}  // namespace marty::multicluster
