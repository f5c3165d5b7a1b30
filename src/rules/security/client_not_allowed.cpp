#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/calls.hpp"
#include "rules/doors.hpp"
#include "rules/reach.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a policy at these pods names the caller's account: then it is allowed something, and what stops it
/// is the business of others.
bool named(const Reach& reach, const Pods& pods, const std::string& account) {
  bool found = false;
  for (const auto* policy : reach.policies(pods))
    each(policy->root, "spec.rules[].from[].source.principals[]",
         [&](const Place& principal) { found = found || principal.node.text.ends_with(account); });
  return found;
}

void check_istio(const Estate& estate, Report& report) {
  if (estate.of("AuthorizationPolicy", "security.istio.io").empty()) return;
  const auto& reach = estate.reach();
  if (reach.ports().empty()) return;
  std::multimap<std::pair<const Resource*, std::int64_t>, const CalledPort*> ports;
  for (const auto& port : reach.ports()) ports.emplace(std::pair(port.service, port.port.port), &port);
  std::set<std::pair<const Pods*, const Resource*>> said;
  each_call(estate, [&](const Call& call) {
    if (!estate.istio_injected(call.from.ns(), &call.from)) return;
    const auto account = fmt::format("/ns/{}/sa/{}", call.from.ns(), call.from.service_account());
    const auto [first, last] = ports.equal_range({&call.service, call.port});
    std::optional<Refusal> refusal;
    for (auto port = first; port != last; ++port) {
      if (reach.policies(*port->second->pods).empty() || named(reach, *port->second->pods, account)) return;
      refusal = reach.refused(call.from, *port->second);
      if (!refusal) return;
    }
    if (!refusal || !said.insert({&call.from, &call.service}).second) return;
    report
        .at(*call.from.owner, call.place,
            fmt::format("these pods call '{}' as {}, and nothing there lets that account in",
                        *call.service.name, account.substr(1)))
        .notes = {{refusal->where, refusal->text},
                  {{},
                   fmt::format("allow the principal cluster.local{}, or give the pods the account that "
                               "is allowed",
                               account)}};
  });
}

/// What keeps the caller out at all pods behind the Service's port.
std::optional<ClosedDoor> closed_to(const Estate& estate, const Doors& doors, const Call& call,
                                    std::string_view account) {
  const auto& service = call.service;
  const auto* known = estate.modelled(service);
  std::optional<ClosedDoor> out;
  for (const auto* pods : estate.pods_of(service))
    for (std::size_t i = 0; known != nullptr && i < known->ports.size(); ++i) {
      const auto& port = known->ports[i];
      if (port.port != call.port) continue;
      out = doors.to_account(*pods, port.target_port != 0 ? port.target_port : port.port, call.from.ns(),
                             account);
      if (!out) return std::nullopt;
    }
  return out;
}

void check_linkerd(const Estate& estate, Report& report) {
  if (estate.model().servers.empty()) return;
  const Doors doors(estate);
  std::set<std::pair<const Pods*, const Resource*>> said;
  each_call(estate, [&](const Call& call) {
    const auto& pods = call.from;
    if (!estate.linkerd_injected(pods.ns(), &pods) || estate.istio_injected(pods.ns(), &pods)) return;
    const auto account = pods.service_account();
    const auto closed = closed_to(estate, doors, call, account);
    if (!closed || !said.insert({&pods, &call.service}).second) return;
    report
        .at(*pods.owner, call.place,
            fmt::format("these pods call '{}' as ns/{}/sa/{}, and nothing there lets that account in",
                        *call.service.name, pods.ns(), account))
        .notes = {{closed->where, std::string(closed->what)},
                  {{}, "name the account in a MeshTLSAuthentication, or give the pods one that is named"}};
  });
}

void check(const Estate& estate, Report& report) {
  check_istio(estate, report);
  check_linkerd(estate, report);
}

}  // namespace

extern const Rule client_not_allowed{
    .id = "client-not-allowed",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "pods call a Service that does not let their account in",
    .why =
        "Authorization is given to service accounts, and pods run under the one their template names, or "
        "'default'. When the address of a Service stands in the environment of pods whose account no rule "
        "of that Service allows, each of their calls ends with 403. So it is in both meshes.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: jobs, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: jobs
      containers:
      - name: web
        image: web:1
        env:
        - {name: PETS, value: "http://pets:8080"} # <<
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: books}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shelf, namespace: books}
---
apiVersion: v1
kind: Service
metadata: {name: shelf, namespace: books}
spec:
  selector: {app: shelf}
  ports: [{name: http, port: 7000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shelf, namespace: books}
spec:
  selector: {matchLabels: {app: shelf}}
  template:
    metadata: {labels: {app: shelf}}
    spec:
      serviceAccountName: shelf
      containers: [{name: shelf, image: "shelf:1", ports: [{containerPort: 7000}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: shelf, namespace: books}
spec: {podSelector: {matchLabels: {app: shelf}}, port: 7000, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: shelf, namespace: books}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: shelf}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: reader}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: visitor, namespace: books}
spec:
  selector: {matchLabels: {app: visitor}}
  template:
    metadata: {labels: {app: visitor}}
    spec:
      serviceAccountName: shelf
      containers:
      - name: visitor
        image: visitor:1
        env:
        - {name: SHELF, value: "http://shelf:7000"} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: jobs, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: web:1
        env:
        - {name: PETS, value: "http://pets:8080"}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: books}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shelf, namespace: books}
---
apiVersion: v1
kind: Service
metadata: {name: shelf, namespace: books}
spec:
  selector: {app: shelf}
  ports: [{name: http, port: 7000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shelf, namespace: books}
spec:
  selector: {matchLabels: {app: shelf}}
  template:
    metadata: {labels: {app: shelf}}
    spec:
      serviceAccountName: shelf
      containers: [{name: shelf, image: "shelf:1", ports: [{containerPort: 7000}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: shelf, namespace: books}
spec: {podSelector: {matchLabels: {app: shelf}}, port: 7000, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: shelf, namespace: books}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: shelf}
  requiredAuthenticationRefs: [{kind: ServiceAccount, name: reader}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: visitor, namespace: books}
spec:
  selector: {matchLabels: {app: visitor}}
  template:
    metadata: {labels: {app: visitor}}
    spec:
      serviceAccountName: reader
      containers:
      - name: visitor
        image: visitor:1
        env:
        - {name: SHELF, value: "http://shelf:7000"}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
