#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether Istio takes a Service port for bytes without HTTP: by appProtocol, else by the name's first part.
bool plain_tcp(const Node& port) {
  auto protocol = text(port, "appProtocol");
  if (protocol.empty()) protocol = text(port, "name").substr(0, text(port, "name").find('-'));
  for (const auto known : {"tcp", "tls", "https", "mongo", "mysql", "redis"})
    if (protocol == known) return true;
  return false;
}

/// Ports of pods, and whether every Service says TCP about them.
using Ports = std::map<std::int64_t, bool>;

std::map<const Pods*, Ports> ports_of_pods(const Estate& estate) {
  std::map<const Pods*, Ports> out;
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service))
      each(service->root, "spec.ports[]", [&](const Place& port) {
        const Node* target = port.node.find("targetPort");
        const auto written = number(port.node, target == nullptr ? "port" : "targetPort");
        std::int64_t at = written.value_or(0);
        if (!written && target != nullptr)
          each(*pods->spec, "containers[].ports[]", [&](const Place& own) {
            if (text(own.node, "name") == target->text) at = number(own.node, "containerPort").value_or(0);
          });
        const auto [known, fresh] = out[pods].try_emplace(at, plain_tcp(port.node));
        if (!fresh) known->second = known->second && plain_tcp(port.node);
      });
  return out;
}

/// Whether all the ports a rule is about are TCP; false when one is not known.
bool all_tcp(const Ports& ports, const Node* wanted) {
  if (wanted == nullptr || wanted->size() == 0)
    return !ports.empty() &&
           std::all_of(ports.begin(), ports.end(), [](const auto& one) { return one.second; });
  return std::all_of(wanted->children.begin(), wanted->children.end(), [&](const Node& port) {
    return std::any_of(ports.begin(), ports.end(),
                       [&](const auto& one) { return one.second && std::to_string(one.first) == port.text; });
  });
}

void check(const Estate& estate, Report& report) {
  const auto ports = ports_of_pods(estate);
  const auto kinds = selecting_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [](const auto& one) { return one.kind == "AuthorizationPolicy"; });
  for (const auto* policy : estate.of("AuthorizationPolicy", "security.istio.io")) {
    if (labels_of(*policy, *kind) == nullptr) continue;
    const auto pods = chosen(estate, *policy, *kind);
    const bool deny = text(policy->root, "spec.action") == "DENY";
    each(policy->root, "spec.rules[].to[].operation", [&](const Place& operation) {
      const bool tcp = !pods.empty() && std::all_of(pods.begin(), pods.end(), [&](const Pods* one) {
        const auto known = ports.find(one);
        return known != ports.end() && all_tcp(known->second, operation.node.find("ports"));
      });
      if (!tcp) return;
      for (const auto field : {"methods", "paths", "hosts"}) {
        const Node* asked = operation.node.find(field);
        if (asked == nullptr) continue;
        report
            .at(*policy, *asked, operation.path + "." + field,
                fmt::format("'{}' of connections that are not read as HTTP: {}", field,
                            deny ? "they are left out, so the rule denies every connection there"
                                 : "the rule never holds, so it lets nobody in"))
            .notes = {{{}, "ask for ports and principals only, or give the Service port an http name"}};
        return;
      }
    });
  }
}

}  // namespace

extern const Rule http_rule_on_tcp_port{
    .id = "http-rule-on-tcp-port",
    .severity = Severity::kError,
    .peers = "",
    .title = "an authorization rule about HTTP for a port that is plain TCP",
    .why =
        "Whether a sidecar reads HTTP is decided by the Service port's name or appProtocol. On a port that "
        "says tcp, tls or redis there are no methods and paths: an ALLOW that asks for them never holds, "
        "and of a DENY only the other conditions are left, so that it denies too much.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: tcp-store, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: store, image: "store:1", ports: [{containerPort: 6000}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  rules:
  - to:
    - operation:
        methods: [GET] # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: tcp-store, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: store, image: "store:1", ports: [{containerPort: 6000}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  rules:
  - to: [{operation: {ports: ["6000"]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
