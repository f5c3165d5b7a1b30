#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "policy/request_view.hpp"
#include "rules/doors.hpp"
#include "rules/guards.hpp"
#include "rules/mtls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The port a probe asks, by number or by a name of its container's; 0 when there is none.
std::uint16_t port_of(const Node& container, const Node& written) {
  auto port = number(written, "").value_or(0);
  each(container, "ports[]", [&](const Place& one) {
    if (text(one.node, "name") == written.text) port = number(one.node, "containerPort").value_or(0);
  });
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(port, 0, UINT16_MAX));
}

struct Asked {
  const Pods& pods;
  const Node& probe;
  std::string path;  ///< of the field
  std::uint16_t port = 0;
  std::string url;  ///< its path; empty for gRPC
};

void each_probe(const Pods& pods, const std::function<void(const Asked&)>& see) {
  each(*pods.spec, "containers[]", [&](const Place& container) {
    for (const auto* kind : {"readinessProbe", "livenessProbe", "startupProbe"})
      for (const auto* how : {".httpGet", ".grpc"}) {
        const Node* probe = get(container.node, std::string(kind) + how);
        const Node* port = probe == nullptr ? nullptr : probe->find("port");
        if (port == nullptr || !port->is_scalar()) continue;
        see({pods, *probe, container.path + "." + kind + how, port_of(container.node, *port),
             std::string(text(*probe, "path"))});
      }
  });
}

policy::RequestView request_of(const Asked& asked) {
  policy::RequestView request;
  request.method = "GET";
  request.path = asked.url.empty() ? "/" : asked.url;
  request.port = asked.port;
  return request;
}

void check_istio(const Estate& estate, const Guards& guards, const Asked& asked, Report& report) {
  if (asked.port == 0 || passed_by(asked.pods, asked.port)) return;
  const auto mode = mtls_mode(estate, asked.pods, asked.port);
  const bool strict = *mode == policy::MtlsMode::kStrict;
  const auto in_force = guards.of(asked.pods);
  const auto decision = policy::Authorization::decide(in_force, request_of(asked));
  if (!strict && decision.allowed) return;
  auto& finding = report.at(
      *asked.pods.owner, asked.probe, asked.path,
      strict
          ? fmt::format("the kubelet asks port {} without a certificate, and it takes mutual TLS only",
                        asked.port)
          : fmt::format("the kubelet comes without an identity, and is not let in at port {}", asked.port));
  finding.notes = {{{strict ? mode.origin : decision.origin, 0}, "decided here"}};
  const Node* said = asked.pods.metadata->find("annotations")->find("sidecar.istio.io/rewriteAppHTTPProbers");
  finding.notes.push_back(see(*said, "without this the agent asks in the kubelet's place"));
}

/// Linkerd lets a probe by plain HTTP pass on its own account, and no other.
void check_linkerd(const Doors& doors, const Asked& asked, Report& report) {
  const bool tls = text(asked.probe, "scheme") == "HTTPS";
  if (!tls && !asked.path.ends_with(".grpc")) return;
  const auto closed = doors.to_strangers(asked.pods, asked.port);
  if (!closed) return;
  report
      .at(*asked.pods.owner, asked.probe, asked.path,
          fmt::format("port {} {}; of the kubelet's probes Linkerd excepts those by plain HTTP, not by {}",
                      asked.port, closed->how, tls ? "HTTPS" : "gRPC"))
      .notes = {{closed->where, std::string(closed->what)},
                {{}, "probe by HTTP, or authorize the kubelet's network at this port"}};
}

void check(const Estate& estate, Report& report) {
  if (std::ranges::none_of(estate.pods(), [](const Pods& pods) { return pods.in_istio || pods.in_linkerd; }))
    return;
  const Guards guards(estate);
  const Doors doors(estate);
  for (const auto& pods : estate.pods()) {
    const bool istio = estate.istio_injected(pods.ns(), &pods);
    if (istio && pods.annotation("sidecar.istio.io/rewriteAppHTTPProbers") == "false")
      each_probe(pods, [&](const Asked& asked) { check_istio(estate, guards, asked, report); });
    if (!istio && estate.linkerd_injected(pods.ns(), &pods))
      each_probe(pods, [&](const Asked& asked) { check_linkerd(doors, asked, report); });
  }
}

}  // namespace

extern const Rule probe_cut_off{
    .id = "probe-cut-off",
    .severity = Severity::kError,
    .peers = "",
    .title = "probes that the pod's own sidecar refuses",
    .why =
        "The kubelet is in no mesh. Istio rewrites its HTTP and gRPC probes, so that the agent beside the "
        "application is asked instead, and asks the application itself. With rewriteAppHTTPProbers off the "
        "probe goes through the sidecar like any request without an identity: under STRICT it is cut off, "
        "by a policy that allows named callers it gets 403, and the pod is never ready or is restarted for "
        "good. Linkerd lets in what a probe of plain HTTP asks for, but no probe by HTTPS or gRPC.",
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
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations: {sidecar.istio.io/rewriteAppHTTPProbers: "false"}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe:
          httpGet: {path: /ready, port: http} # <<
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: books, namespace: books}
spec: {podSelector: {matchLabels: {app: books}}, port: 9000, proxyProtocol: gRPC}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: books, namespace: books}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: books}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: reader}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: books}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: books, namespace: books}
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
      containers:
      - name: books
        image: books:1
        ports: [{containerPort: 9000}, {containerPort: 8081}]
        readinessProbe:
          grpc: {port: 9000} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
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
      containers:
      - name: pets
        image: pets:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe:
          httpGet: {path: /ready, port: http}
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: books, namespace: books}
spec: {podSelector: {matchLabels: {app: books}}, port: 9000, proxyProtocol: gRPC}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: books, namespace: books}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: books}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: reader}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: books}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: books, namespace: books}
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
      containers:
      - name: books
        image: books:1
        ports: [{containerPort: 9000}, {containerPort: 8081}]
        readinessProbe:
          httpGet: {path: /ready, port: 8081}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
