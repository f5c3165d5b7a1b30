#include <fmt/format.h>

#include "rules/mtls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_block(const Estate& estate, const Resource& rule, const Place& tls, std::int64_t port,
                 Report& report) {
  const Node* written = tls.node.find("mode");
  const auto mode = text(tls.node, "mode");
  const bool plain = mode == "DISABLE" || written == nullptr;  // what a block does not say is DISABLE
  if (!tls.node.is_mapping() || (!plain && mode != "SIMPLE" && mode != "MUTUAL")) return;
  const auto* service = estate.service(text(rule.root, "spec.host"), *rule.ns);
  if (service == nullptr) return;
  const auto strict = strict_behind(estate, *service, port);
  if (!strict) return;
  auto& finding = report.at(
      rule, written != nullptr ? *written : tls.node,
      written != nullptr ? tls.path + ".mode" : tls.path.words(),
      fmt::format("callers send {} to pods that take mutual TLS of the mesh only: every call fails with 503",
                  plain ? "plaintext" : "TLS of their own"));
  finding.notes = {{{strict->origin, 6}, "STRICT is said here"}};
  if (written == nullptr) finding.notes.push_back({{}, "a tls block without a mode is one with DISABLE"});
  finding.notes.push_back({{}, "leave tls out: sidecars use mutual TLS by themselves"});
}

void check(const Estate& estate, Report& report) {
  each_client_tls(estate, [&](const Resource& rule, const Place& tls, std::int64_t port) {
    check_block(estate, rule, tls, port, report);
  });
}

}  // namespace

extern const Rule tls_disabled_under_strict{
    .id = "tls-disabled-under-strict",
    .severity = Severity::kError,
    .peers = "KIA0207 KIA0208 KIA0205 KIA0206",
    .title = "a DestinationRule turns off the mutual TLS that the other side insists on",
    .why =
        "What a DestinationRule says about TLS overrules the automatic mutual TLS of sidecars, for the whole "
        "host, "
        "a port or one subset. Pods under a STRICT PeerAuthentication close such connections before any HTTP "
        "is spoken, so callers see 503 with the flag UC. Leave the tls block out.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    tls: {mode: DISABLE} # <<
    portLevelSettings:
    - port: {number: 80}
      tls: {sni: pets} # <<
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls: {9000: {mode: PERMISSIVE}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    portLevelSettings:
    - port: {number: 81}
      tls: {mode: DISABLE}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: http-metrics, port: 81, targetPort: 9000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 8080}, {containerPort: 9000}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
