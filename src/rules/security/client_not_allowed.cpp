#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/calls.hpp"
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

void check(const Estate& estate, Report& report) {
  if (estate.of("AuthorizationPolicy", "security.istio.io").empty()) return;
  const Reach reach(estate);
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

}  // namespace

extern const Rule client_not_allowed{
    .id = "client-not-allowed",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "pods call a Service that does not let their account in",
    .why =
        "Authorization is given to service accounts, and pods run under the one their template names, or "
        "'default'. When the address of a Service stands in the environment of pods whose account no rule "
        "of that Service allows, each of their calls ends with 403.",
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
)",
    .check = check,
};

}  // namespace marty::rules::catalog
