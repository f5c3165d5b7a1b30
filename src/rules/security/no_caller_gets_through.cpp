#include <fmt/format.h>

#include <map>
#include <set>

#include "rules/principal.hpp"
#include "rules/reach.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

using Callers = std::map<std::string, std::vector<const Pods*>>;  // by "ns/account"

Callers by_account(const Estate& estate) {
  Callers out;
  for (const auto& pods : estate.pods())
    out[fmt::format("{}/{}", pods.ns(), pods.service_account())].push_back(&pods);
  return out;
}

/// "cluster.local/ns/shop/sa/web" → "shop/web"; empty for patterns.
std::string account_of(std::string_view principal) {
  const auto who = principal.find('*') == principal.npos ? principal_in(principal) : std::nullopt;
  return who ? fmt::format("{}/{}", who->ns, who->account) : std::string();
}

/// Whether a rule is about the port; the Service's own number is taken for a slip.
bool about(const Node& rule, const mesh::ServicePort& port) {
  bool said = false, meant = false;
  each(rule, "to[].operation.ports[]", [&](const Place& place) {
    said = true;
    meant = meant || place.node.text == std::to_string(port.port) ||
            place.node.text == std::to_string(port.target_port);
  });
  return !said || meant;
}

struct Declared {
  const Pods* pods;
  const Node* principal;
};

/// Who is named as a caller of these pods at the port. Nothing when somebody is let in who is not among the
/// files, or by a pattern.
std::vector<Declared> declared(const std::vector<const Resource*>& policies, const mesh::ServicePort& port,
                               const Callers& callers) {
  std::vector<Declared> out;
  bool others = false;
  for (const auto* policy : policies) {
    const auto action = text(policy->root, "spec.action");
    if (!action.empty() && action != "ALLOW") continue;
    each(policy->root, "spec.rules[]", [&](const Place& rule) {
      if (!about(rule.node, port)) return;
      const Node* from = rule.node.find("from");
      if (from == nullptr || from->size() == 0) others = true;
      each(rule.node, "from[].source", [&](const Place& source) {
        if (source.node.find("principals") == nullptr) others = true;
        each(source.node, "principals[]", [&](const Place& principal) {
          const auto known = callers.find(account_of(principal.node.text));
          if (known == callers.end()) {
            others = true;
            return;
          }
          for (const auto* pods : known->second) out.push_back({pods, &principal.node});
        });
      });
    });
  }
  return others ? std::vector<Declared>{} : out;
}

/// Where each of these callers is stopped; empty when one of them gets through.
std::vector<Note> stops(const Estate& estate, const Reach& reach, const std::vector<Declared>& names,
                        const CalledPort& port) {
  std::vector<Note> out;
  for (const auto& [pods, principal] : names) {
    const auto refusal =
        estate.istio_injected(pods->ns(), pods)
            ? reach.refused(*pods, port)
            : std::optional(Refusal{"it has no sidecar, so nothing to prove its account with",
                                    see(*pods->owner, "").where});
    if (!refusal) return {};
    out.push_back(
        {refusal->where, fmt::format("{} '{}': {}", *pods->owner->kind, *pods->owner->name, refusal->text)});
  }
  return out;
}

struct Closed {
  const CalledPort* port;
  std::vector<Declared> names;
  std::vector<Note> steps;
};

void check(const Estate& estate, Report& report) {
  if (estate.of("AuthorizationPolicy", "security.istio.io").empty()) return;
  const auto& reach = estate.reach();
  if (reach.ports().empty()) return;
  const auto callers = by_account(estate);
  std::set<const Node*> open;  // by some kind of its pods
  std::map<const Node*, Closed> closed;
  for (const auto& port : reach.ports()) {
    auto names = declared(reach.policies(*port.pods), port.port, callers);
    auto steps = stops(estate, reach, names, port);
    if (steps.empty())
      open.insert(port.node);
    else
      closed.try_emplace(port.node, Closed{&port, std::move(names), std::move(steps)});
  }
  for (const auto& port : reach.ports()) {
    const auto found = closed.find(port.node);
    if (found == closed.end() || open.contains(port.node) || found->second.port != &port) continue;
    auto& [called, names, steps] = found->second;
    auto& finding =
        report.at(*port.service, *port.node, port.path(),
                  fmt::format("nobody gets through to '{}' at port {}: of {} allowed, {} stopped on the way",
                              *port.service->name, port.port.port, names.size(), steps.size()));
    steps.resize(std::min<std::size_t>(steps.size(), 5));
    finding.notes = std::move(steps);
    finding.notes.push_back(see(*names.front().principal, "allowed here"));
  }
}

}  // namespace

extern const Rule no_caller_gets_through{
    .id = "no-caller-gets-through",
    .severity = Severity::kError,
    .peers = "",
    .title = "of the callers a Service names none can complete a call",
    .why =
        "A call has to pass the NetworkPolicies of both sides, a route of the caller's sidecar, mutual TLS "
        "and the authorization at the server, each written in another object and often by another team. "
        "Here every caller that an AuthorizationPolicy names is stopped by one of them. The steps below "
        "come from the engine that decides requests in the local mesh. Note that an operation's ports are "
        "the pods' own, not the Service's.",
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
metadata: {name: pets, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports:
  - {name: http, port: 80, targetPort: 8080} # <<
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
      containers: [{name: web, image: "web:1"}]
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
    to: [{operation: {ports: ["80"]}}]
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
metadata: {name: pets, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports:
  - {name: http, port: 80, targetPort: 8080}
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
      containers: [{name: web, image: "web:1"}]
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  rules:
  - from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]
    to: [{operation: {ports: ["8080"]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
