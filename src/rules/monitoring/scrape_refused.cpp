#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "policy/request_view.hpp"
#include "rules/doors.hpp"
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

/// Whether a Prometheus of the files stands in Linkerd's mesh: it scrapes with an identity then.
bool in_the_mesh(const Estate& estate, const Resource& server) {
  const Node* annotations = get(server.root, "spec.podMetadata.annotations");
  const Node* said = annotations == nullptr ? nullptr : annotations->find("linkerd.io/inject");
  return said != nullptr ? said->text != "disabled" : estate.linkerd_injected(*server.ns);
}

/// Only when every Prometheus that could scrape is here, and outside.
bool scraped_by_strangers(const Estate& estate) {
  const auto& servers = estate.of("Prometheus");
  return !servers.empty() &&
         std::ranges::none_of(servers, [&](auto* server) { return in_the_mesh(estate, *server); });
}

bool check_istio(const Estate& estate, const Guards& guards, const Scrape& scrape, Report& report) {
  if (passed_by(*scrape.pods, scrape.port)) return false;
  const auto mode = mtls_mode(estate, *scrape.pods, scrape.port);
  const auto in_force = guards.of(*scrape.pods);
  const auto decision = policy::Authorization::decide(in_force, request_of(scrape));
  const bool strict = *mode == policy::MtlsMode::kStrict;
  if (!strict && decision.allowed) return false;
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
      {{}, "annotate the pods prometheus.io/scrape, so the agent serves them at 15020; or exempt the port"});
  return true;
}

bool check_linkerd(const Estate& estate, const Doors& doors, const Scrape& scrape, Report& report) {
  const auto closed = doors.to_strangers(*scrape.pods, scrape.port);
  if (!closed) return false;
  report
      .at(*scrape.monitor, *scrape.endpoint, scrape.path,
          fmt::format("port {} of '{}' {}: Prometheus, without an identity, gets 403", scrape.port,
                      *scrape.pods->owner->name, closed->how))
      .notes = {{closed->where, std::string(closed->what)},
                see(*estate.of("Prometheus").front(), "it is in no mesh"),
                {{}, "inject Prometheus and name its account, or give the metrics a port of their own"}};
  return true;
}

void check(const Estate& estate, Report& report) {
  if (estate.of("ServiceMonitor").empty() && estate.of("PodMonitor").empty()) return;
  const Guards guards(estate);
  const Doors doors(estate);
  const bool strangers = scraped_by_strangers(estate);
  std::set<const Node*> said;  // one finding for an endpoint, however many pods it leads to
  each_scrape(estate, [&](const Scrape& scrape) {
    if (scrape.with_tls() || said.contains(scrape.endpoint)) return;
    const bool found = estate.istio_injected(scrape.pods->ns(), scrape.pods)
                           ? check_istio(estate, guards, scrape, report)
                           : strangers && check_linkerd(estate, doors, scrape, report);
    if (found) said.insert(scrape.endpoint);
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
        "at port 15020, which neither touches; or exempt the metrics port in both policies. A Server of "
        "Linkerd's refuses likewise; reported when the Prometheus of the files is outside of the mesh.",
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
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {}
  serviceMonitorNamespaceSelector: {}
  podMonitorSelector: {}
  podMonitorNamespaceSelector: {}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: books, namespace: books}
spec:
  selector: {matchLabels: {app: books}}
  template:
    metadata: {labels: {app: books}}
    spec:
      serviceAccountName: books
      containers: [{name: books, image: books:1, ports: [{name: metrics, containerPort: 9100}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: metrics, namespace: books}
spec: {podSelector: {matchLabels: {app: books}}, port: metrics, proxyProtocol: HTTP/1, accessPolicy: all-authenticated}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: books, namespace: books}
spec:
  selector: {matchLabels: {app: books}}
  podMetricsEndpoints:
  - port: metrics # <<
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
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: monitoring, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {}
  serviceMonitorNamespaceSelector: {}
  podMonitorSelector: {}
  podMonitorNamespaceSelector: {}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: books, namespace: books}
spec:
  selector: {matchLabels: {app: books}}
  template:
    metadata: {labels: {app: books}}
    spec:
      serviceAccountName: books
      containers: [{name: books, image: books:1, ports: [{name: metrics, containerPort: 9100}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: metrics, namespace: books}
spec: {podSelector: {matchLabels: {app: books}}, port: metrics, proxyProtocol: HTTP/1, accessPolicy: all-authenticated}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: books, namespace: books}
spec:
  selector: {matchLabels: {app: books}}
  podMetricsEndpoints:
  - port: metrics
)",
    .check = check,
};

}  // namespace marty::rules::catalog
