#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/admission.hpp"
#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

/// The way into a mesh belongs to the mesh: istio-ingressgateway here is ingress-nginx there.
bool is_entrance(const Caller& caller) {
  return caller.starts_with("istio-system/") || caller.starts_with("linkerd") ||
         caller.find("ingress") != caller.npos || caller.find("gateway") != caller.npos;
}

std::string verdict(const Difference& found) {
  return found.first.in ? "let in under Istio, refused under Linkerd"
                        : "let in under Linkerd, refused under Istio";
}

std::vector<Difference> differences(const TwinPort& port, const TwinDoor& door) {
  const Admission istio(door.istio, port.twins.istio.estate.settings().trust_domain);
  const Admission linkerd(door.linkerd, "cluster.local");
  const auto& probes = door.workload.probes;
  // The kubelet has no certificate. Istio's agent asks for it behind the sidecar; Linkerd's proxy must let it
  // in, and so lets in everybody.
  const auto probed = [&](const Caller&, const std::string& path) {
    return std::any_of(probes.begin(), probes.end(), [&](const auto& probe) { return probe.second == path; });
  };
  auto all = rules::differences(istio, linkerd, probed);
  const auto only = [&](bool under_istio) {
    return std::any_of(all.begin(), all.end(), [&](const Difference& found) {
      return is_entrance(found.caller) && found.first.in == under_istio;
    });
  };
  if (only(true) && only(false))
    std::erase_if(all, [](const Difference& found) { return is_entrance(found.caller); });
  return all;
}

bool lets_in_all(const Admission& door, const Caller& caller) {
  for (const auto& path : door.paths())
    for (const auto& method : door.methods())
      if (!door.ask(caller, method, path).in) return false;
  return true;
}

/// Whether Linkerd's overlay has no policies but for whole ports, and the two agree as far as such can: a
/// caller that Istio lets in for some requests is let in for all or for none. Strangers are never let in for
/// all.
bool only_by_port(const TwinDoor& door, const Difference& found) {
  const auto& routes = door.linkerd->hosts.front().routes;
  if (std::any_of(routes.begin(), routes.end(), [](const auto& route) { return route.kind != "default"; }))
    return false;
  const Admission istio(door.istio, "cluster.local");
  return found.first.in ? !lets_in_all(istio, found.caller) : istio.callers().contains(found.caller);
}

void look(const TwinPort& port, Report& report) {
  std::set<std::string> said;  // pods under the same policies differ in the same
  each_door(port, [&](const TwinDoor& door) {
    for (const auto& found : differences(port, door)) {
      auto text =
          fmt::format("{} {} of {} by {}: {}{}", found.method, found.path, port.name, called(found.caller),
                      verdict(found), found.more == 0 ? "" : fmt::format(" ({} more such)", found.more));
      if (!said.insert(text).second) continue;
      auto& finding = report_between(report, port, found.first.origin, found.second.origin, std::move(text));
      if (is_entrance(found.caller) || only_by_port(door, found)) finding.severity = Severity::kInfo;
    }
  });
}

void compare(const Comparison& comparison, Report& report) {
  each_port(comparison, [&](const TwinPort& port) { look(port, report); });
}

}  // namespace

extern const Rule meshes_differ_in_callers{
    .id = "meshes-differ-in-callers",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a caller is let in under one mesh and refused under the other",
    .why =
        "Both meshes' policies are asked the same: every caller, method and path that either names, and "
        "besides a stranger with an identity of the mesh and somebody without a certificate. A caller that "
        "one overlay forgets gets 403 on the day the service moves; one that it lets in too many is a hole "
        "nobody looks for. Linkerd's defaults are the reason most often: a Server closes its port, but what "
        "targets the Server opens all its routes, and a port without a Server is open to everybody. Left out "
        "are probes and metrics ports, which each mesh has its own way for, and ingress gateways where each "
        "overlay names one of its own.",
    .bad = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  port: 80
  proxyProtocol: HTTP/1
  accessPolicy: all-authenticated # <<
)",
    .good = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/cart]}}]}]
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cart, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  port: 80
  proxyProtocol: HTTP/1
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: web}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: cart}]
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
