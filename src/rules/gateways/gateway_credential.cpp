#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool holds(const Resource& secret, std::string_view key) {
  for (const auto* part : {"data", "stringData"}) {
    const Node* entries = secret.root.find(part);
    if (entries != nullptr && entries->find(key) != nullptr) return true;
  }
  return false;
}

/// Where the gateway's pods run: that is where Istio looks for the Secret.
std::vector<std::string_view> namespaces_of(const Estate& estate, const Resource& gateway) {
  std::vector<std::string_view> out;
  const auto selector = labels_at(get(gateway.root, "spec.selector"));
  for (const auto& pods : estate.pods())
    if (!selector.empty() && mesh::selects(selector, pods.labels)) out.push_back(pods.ns());
  return out;
}

/// What the Secret lacks; empty when it will do.
std::string lacks(const Estate& estate, const Resource& secret, std::string_view mode) {
  const bool pair = (holds(secret, "tls.crt") && holds(secret, "tls.key")) ||
                    (holds(secret, "cert") && holds(secret, "key"));
  if (!pair) return "tls.crt and tls.key";
  const bool authority = holds(secret, "ca.crt") || holds(secret, "cacert") ||
                         estate.find("Secret", *secret.ns, *secret.name + "-cacert") != nullptr;
  return mode == "MUTUAL" && !authority ? "ca.crt, which MUTUAL checks clients against" : "";
}

void check_server(const Estate& estate, const Resource& gateway, const Place& tls, Report& report) {
  const Node* named = tls.node.find("credentialName");
  if (named == nullptr) return;
  const auto mode = text(tls.node, "mode");
  for (const auto ns : namespaces_of(estate, gateway)) {
    if (const auto* secret = estate.find("Secret", ns, named->text)) {
      if (const auto what = lacks(estate, *secret, mode); !what.empty())
        report
            .at(gateway, *named, tls.path + ".credentialName",
                fmt::format("the Secret '{}' has no {}: the gateway closes every connection", named->text,
                            what))
            .notes = {see(*secret, "the Secret")};
      return;
    }
    if (*gateway.ns == ns) continue;
    if (const auto* astray = estate.find("Secret", *gateway.ns, named->text)) {
      report
          .at(gateway, *named, tls.path + ".credentialName",
              fmt::format("the Secret '{}' is in namespace '{}', but the gateway's pods are in '{}'",
                          named->text, *gateway.ns, ns))
          .notes = {see(*astray, "the Secret"), {{}, "Istio looks for it beside the pods"}};
      return;
    }
  }
}

void check(const Estate& estate, Report& report) {
  if (estate.of("Secret").empty()) return;
  each(estate.of("Gateway", "networking.istio.io"), "spec.servers[].tls",
       [&](const Resource* gateway, const Place& tls) { check_server(estate, *gateway, tls, report); });
}

}  // namespace

extern const Rule gateway_credential{
    .id = "gateway-credential",
    .severity = Severity::kError,
    .peers = "IST0101 IST0161",
    .title = "the Secret with a Gateway's certificate is incomplete or in the wrong namespace",
    .why =
        "The gateway gets its certificate from a Secret in the namespace of its pods, which need not be that "
        "of the Gateway object, under the keys tls.crt and tls.key; MUTUAL also needs ca.crt. When something "
        "is missing the listener starts without a certificate and closes every connection in the handshake.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec:
      serviceAccountName: front
      containers: [{name: istio-proxy, image: istio/proxyv2:1.30.0}]
---
apiVersion: v1
kind: Secret
metadata: {name: pets-certificate, namespace: shop}
type: kubernetes.io/tls
data: {tls.crt: AA==, tls.key: AA==}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: pets, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls:
      mode: SIMPLE
      credentialName: pets-certificate # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway}}
    spec:
      serviceAccountName: front
      containers: [{name: istio-proxy, image: istio/proxyv2:1.30.0}]
---
apiVersion: v1
kind: Secret
metadata: {name: pets-certificate, namespace: edge}
type: kubernetes.io/tls
data: {tls.crt: AA==, tls.key: AA==}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: pets, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls:
      mode: SIMPLE
      credentialName: pets-certificate
)",
    .check = check,
};

}  // namespace marty::rules::catalog
