#include <fmt/format.h>

#include <set>

#include "policy/request_view.hpp"
#include "rules/guards.hpp"
#include "rules/mtls.hpp"
#include "rules/rule.hpp"
#include "rules/scrapes.hpp"

namespace marty::rules::catalog {
namespace {

/// A scrape brings no identity.
policy::RequestView request_of(const Scrape& scrape) {
  policy::RequestView request;
  request.method = "GET";
  request.path = scrape.http_path();
  request.port = scrape.port;
  return request;
}

void check(const Estate& estate, Report& report) {
  const Guards guards(estate);
  std::set<const Node*> said;  // one finding for an endpoint, however many pods it leads to
  each_scrape(estate, [&](const Scrape& scrape) {
    if (scrape.with_tls() || !estate.istio_injected(scrape.pods->ns(), scrape.pods) ||
        passed_by(*scrape.pods, scrape.port) || said.contains(scrape.endpoint))
      return;
    const auto mode = mtls_mode(estate, *scrape.pods, scrape.port);
    const auto in_force = guards.of(*scrape.pods);
    const auto decision = policy::Authorization::decide(in_force, request_of(scrape));
    const bool strict = *mode == policy::MtlsMode::kStrict;
    if (!strict && decision.allowed) return;
    said.insert(scrape.endpoint);
    auto& finding = report.at(
        *scrape.monitor, *scrape.endpoint, scrape.path,
        strict
            ? fmt::format(
                  "port {} of '{}' takes mutual TLS only: Prometheus, without a certificate, is cut off",
                  scrape.port, *scrape.pods->owner->name)
            : fmt::format("GET {} at port {} of '{}' is not allowed without an identity: Prometheus gets 403",
                          scrape.http_path(), scrape.port, *scrape.pods->owner->name));
    finding.notes.push_back({{strict ? mode.origin : decision.origin, 0}, "decided here"});
    finding.notes.push_back(
        {{},
         "annotate the pods prometheus.io/scrape, so the agent serves them at 15020; or exempt the port"});
  });
}

}  // namespace

extern const Rule scrape_refused{
    .id = "scrape-refused",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a monitor of a port that lets nobody in without an identity",
    .why =
        "Prometheus usually runs outside of the mesh and comes without a certificate. Under STRICT its "
        "connection to the application's port is closed, and a policy that allows named callers answers 403: "
        "the target is down and the alerts on it are silent. Istio's agent serves the application's metrics "
        "at port 15020, which neither touches; or exempt the metrics port in both policies.",
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
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http-metrics, port: 9090}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 9090}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints:
  - port: http-metrics # <<
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
  portLevelMtls: {9090: {mode: PERMISSIVE}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http-metrics, port: 9090}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 9090}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints:
  - port: http-metrics
)",
    .check = check,
};

}  // namespace marty::rules::catalog
