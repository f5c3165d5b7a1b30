#include <fmt/format.h>

#include "multicluster/parts.hpp"

/// Istio, multi-primary: each cluster has its own istiod, which reads the endpoints of all of them; between
/// networks requests pass an east-west gateway that forwards by SNI and opens nothing.
namespace marty::multicluster {

using dialect::GeneratedFile;

namespace {

std::string kustomization(const Draft& draft, bool gateway) {
  return draft.heading +
         "# What the mesh needs in this cluster beside its control plane (install.yaml): kubectl apply -k "
         "here.\n"
         "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- namespace.yaml\n" +
         (gateway ? "- east-west-gateway.yaml\n" : "");
}

std::string namespace_of(const Draft& draft, const Cluster& cluster) {
  return fmt::format(R"({}apiVersion: v1
kind: Namespace
metadata:
  name: istio-system
  labels:
    # The network of this cluster's pods: peers on another one are sent to its gateway instead.
    topology.istio.io/network: {}
)",
                     draft.heading, *cluster.network);
}

/// An input of istioctl's, not an object of the cluster's.
std::string install(const Draft& draft, const Cluster& cluster) {
  return fmt::format(R"({0}# The control plane: istioctl install --context {1} -f install.yaml
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  name: {2}
  namespace: istio-system
spec:
  meshConfig:
    # The same in all clusters, or a caller's identity means nothing in the others.
    trustDomain: {3}
  values:
    global:
      # One mesh: endpoints and telemetry of clusters with the same id belong together.
      meshID: {4}
      multiCluster:
        # The name that the remote secrets give to this cluster.
        clusterName: {2}
      network: {5}
)",
                     draft.heading, cluster.kubectl_context(), *cluster.name, *draft.set.trust_domain,
                     *draft.set.name, *cluster.network);
}

std::string gateway(const Draft& draft, const Cluster& cluster) {
  return fmt::format(
      R"({0}# Where requests from the other networks come in. It reads the SNI of a connection, which says service,
# port and subset, and hands the bytes on: mutual TLS goes from sidecar to sidecar, and it has no key to it.
apiVersion: v1
kind: ServiceAccount
metadata:
  name: istio-eastwestgateway
  namespace: istio-system
  labels:
    app: istio-eastwestgateway
    app.kubernetes.io/managed-by: marty
---
apiVersion: v1
kind: Service
metadata:
  name: istio-eastwestgateway
  namespace: istio-system
  labels:
    app: istio-eastwestgateway
    app.kubernetes.io/managed-by: marty
    istio: eastwestgateway
    # By this label istiod knows that the Service is the way into the network.
    topology.istio.io/network: {1}
spec:
  # Its address has to be reachable from the other clusters, and should be from nowhere else.
  type: LoadBalancer
  selector:
    app: istio-eastwestgateway
  ports:
  - name: status-port
    port: 15021
    targetPort: 15021
  - name: tls
    port: 15443
    targetPort: 15443
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istio-eastwestgateway
  namespace: istio-system
  labels:
    app: istio-eastwestgateway
    app.kubernetes.io/managed-by: marty
spec:
  replicas: 2
  selector:
    matchLabels:
      app: istio-eastwestgateway
  template:
    metadata:
      annotations:
        # A gateway instead of a sidecar; istiod fills in its image and settings.
        inject.istio.io/templates: gateway
      labels:
        app: istio-eastwestgateway
        istio: eastwestgateway
        sidecar.istio.io/inject: "true"
        topology.istio.io/network: {1}
    spec:
      serviceAccountName: istio-eastwestgateway
      containers:
      - name: istio-proxy
        image: auto
        env:
        # It offers this network's endpoints only: what comes in goes no further than one network.
        - name: ISTIO_META_REQUESTED_NETWORK_VIEW
          value: {1}
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
          limits:
            memory: 1Gi
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop:
            - ALL
          privileged: false
          readOnlyRootFilesystem: true
          runAsNonRoot: true
---
# One gateway stays while nodes are drained.
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: istio-eastwestgateway
  namespace: istio-system
  labels:
    app: istio-eastwestgateway
    app.kubernetes.io/managed-by: marty
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app: istio-eastwestgateway
---
# What may come to it: peers and the load balancer's health checks from anywhere, scrapes from inside.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: istio-eastwestgateway
  namespace: istio-system
  labels:
    app: istio-eastwestgateway
    app.kubernetes.io/managed-by: marty
spec:
  podSelector:
    matchLabels:
      app: istio-eastwestgateway
  policyTypes:
  - Ingress
  ingress:
  - ports:
    - protocol: TCP
      port: 15443
    - protocol: TCP
      port: 15021
  - from:
    - namespaceSelector: {{}}
    ports:
    - protocol: TCP
      port: 15020
    - protocol: TCP
      port: 15090
---
# All services of this cluster can be reached through it. Who may call them is still decided by their own sidecars.
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: cross-network-gateway
  namespace: istio-system
  labels:
    app: istio-eastwestgateway
    app.kubernetes.io/managed-by: marty
spec:
  selector:
    istio: eastwestgateway
  servers:
  - port:
      number: 15443
      name: tls
      protocol: TLS
    tls:
      mode: AUTO_PASSTHROUGH
    hosts:
    - "*.local"
)",
      draft.heading, *cluster.network);
}

std::string failover(const ClusterSet& set) {
  std::string pairs = each(set, [&](const Cluster& cluster) {
    const auto* to = set.cluster(*cluster.failover_to);
    return to ? fmt::format("        - from: {}\n          to: {}\n", *cluster.region, *to->region) : "";
  });
  return pairs.empty() ? pairs : "        failover:\n" + pairs;
}

/// A patch and not a second DestinationRule: of two for one host Istio takes each block from one of them
/// only.
std::string service_overlay(const Draft& draft, const SharedService& service) {
  return fmt::format(
      R"({0}# {1} in this cluster: kubectl apply -k on this directory. The same in every cluster, since a Service of the
# same name and namespace is one service to the mesh, and its pods are endpoints wherever they run.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
- {2}/service-mesh-istio
patches:
- patch: |-
    # Requests stay in their region while its pods are healthy, as outlierDetection counts it, and then go on.
    apiVersion: networking.istio.io/v1
    kind: DestinationRule
    metadata:
      name: {1}
      namespace: {3}
    spec:
      trafficPolicy:
        loadBalancer:
          localityLbSetting:
            enabled: true
)",
      draft.heading, service.name, service.overlays, service.ns);
}

std::string indented(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += fmt::format("{}{}\n", indent, text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

void generate_istio(const Draft& draft, std::vector<GeneratedFile>& files) {
  const bool gateways = !draft.set.one_network();
  files.push_back({"istio/README.md", istio_guide(draft), ""});
  files.push_back({"istio/trust.sh", istio_trust_script(draft), "", true});
  for (const auto& cluster : draft.set.clusters) {
    const std::string folder = "istio/" + *cluster.name + "/";
    files.push_back({folder + "install.yaml", install(draft, cluster), ""});
    files.push_back({folder + "kustomization.yaml", kustomization(draft, gateways), ""});
    files.push_back({folder + "namespace.yaml", namespace_of(draft, cluster), ""});
    if (gateways) files.push_back({folder + "east-west-gateway.yaml", gateway(draft, cluster), ""});
    for (const auto& service : draft.services)
      files.push_back({folder + service.name + "/kustomization.yaml",
                       service_overlay(draft, service) + indented(failover(draft.set), "    "), ""});
  }
}

}  // namespace marty::multicluster
