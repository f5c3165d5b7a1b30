#include <fmt/format.h>

#include "rules/mtls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

using policy::MtlsMode;

/// Why pods behind the Service cannot take mutual TLS; empty when they can.
struct Obstacle {
  std::string why;
  std::vector<Note> notes;
};

Obstacle obstacle(const Estate& estate, const Resource& service, std::int64_t port) {
  const auto* known = estate.modelled(service);
  if (known == nullptr) return {};
  for (const auto* pods : estate.pods_of(service)) {
    if (!estate.istio_injected(pods->ns(), pods)) {
      const Resource* space = estate.find("Namespace", "", pods->ns());
      const Node* labels = space == nullptr ? nullptr : get(space->root, "metadata.labels");
      const bool ambient = labels != nullptr && labels->find("istio.io/dataplane-mode") != nullptr;
      const bool opted_out = pods->annotation("sidecar.istio.io/inject") == "false";
      if (ambient || (space == nullptr && !opted_out)) continue;  // HBONE, or labelled in the cluster
      return {fmt::format("the pods of '{}' have no sidecar", *pods->owner->name),
              {see(*pods->owner, "these pods")}};
    }
    for (const auto& one : known->ports) {
      if (port != 0 && one.port != port) continue;
      const auto mode = mtls_mode(estate, *pods, one.target_port != 0 ? one.target_port : one.port);
      if (*mode == MtlsMode::kDisable)
        return {fmt::format("port {} of '{}' takes plain text only", one.port, *service.name),
                {{{mode.origin, 7}, "DISABLE is said here"}}};
    }
  }
  return {};
}

void check(const Estate& estate, Report& report) {
  each_client_tls(estate, [&](const Resource& rule, const Place& tls, std::int64_t port) {
    const Node* mode = tls.node.find("mode");
    if (mode == nullptr || mode->text != "ISTIO_MUTUAL") return;
    const auto* service = estate.service(text(rule.root, "spec.host"), *rule.ns);
    if (service == nullptr) return;
    auto found = obstacle(estate, *service, port);
    if (found.why.empty()) return;
    auto& finding = report.at(rule, *mode, tls.path + ".mode",
                              fmt::format("{}: calls with mutual TLS fail with 503", found.why));
    finding.notes = std::move(found.notes);
    finding.notes.push_back({{}, "leave 'tls' out: sidecars then use mutual TLS where the other side can"});
  });
}

}  // namespace

extern const Rule mutual_tls_to_plaintext{
    .id = "mutual-tls-to-plaintext",
    .severity = Severity::kError,
    .peers = "KIA0205 KIA0206 KIA0505 KIA0506",
    .title = "a DestinationRule insists on mutual TLS with pods that cannot do it",
    .why =
        "ISTIO_MUTUAL makes the callers' sidecars begin with a TLS handshake, always. Pods without a "
        "sidecar, "
        "or with mode DISABLE, read it as a broken request and close: every call is 503 with flag UF. "
        "Without a 'tls' block sidecars find out by themselves who can.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: DISABLE}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}]
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
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: PERMISSIVE}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}]
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
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
