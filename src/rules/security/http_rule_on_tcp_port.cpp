#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether Istio takes a Service port for bytes without HTTP: by appProtocol, else by the name's first part.
bool plain_tcp(const Node& port) {
  auto protocol = text(port, "appProtocol");
  if (protocol.empty()) {
    const auto name = text(port, "name");
    protocol = name.substr(0, name.find('-'));
  }
  static constexpr std::string_view kKnown[] = {"tcp", "tls", "https", "mongo", "mysql", "redis"};
  return std::ranges::find(kKnown, protocol) != std::end(kKnown);
}

/// A port of pods, and whether every Service says TCP about it.
struct Port {
  std::int64_t number;
  bool tcp;
};
using Ports = std::vector<Port>;
using PortsOfPods = std::unordered_map<const Pods*, Ports>;

std::int64_t target_of(const Node& port, const Pods& pods) {
  const Node* target = port.find("targetPort");
  const auto written = target == nullptr ? number(port, "port") : number(*target, {});
  std::int64_t at = written.value_or(0);
  if (!written && target != nullptr)
    each(*pods.spec, "containers[].ports[]", [&](const Place& own) {
      if (text(own.node, "name") == target->text) at = number(own.node, "containerPort").value_or(0);
    });
  return at;
}

/// Of pods of which a Service says TCP about some port; of the others no rule here finds anything.
PortsOfPods ports_of_pods(const Estate& estate) {
  PortsOfPods out;
  const auto& services = estate.of("Service");
  each(services, "spec.ports[]", [&](const Resource* service, const Place& port) {
    if (plain_tcp(port.node))
      for (const auto* pods : estate.pods_of(*service)) out.try_emplace(pods);
  });
  if (out.empty()) return out;
  each(services, "spec.ports[]", [&](const Resource* service, const Place& port) {
    const bool tcp = plain_tcp(port.node);
    for (const auto* pods : estate.pods_of(*service)) {
      const auto entry = out.find(pods);
      if (entry == out.end()) continue;
      auto& ports = entry->second;
      const auto at = target_of(port.node, *pods);
      const auto known = std::ranges::find(ports, at, &Port::number);
      if (known == ports.end())
        ports.push_back({at, tcp});
      else
        known->tcp = known->tcp && tcp;
    }
  });
  return out;
}

/// Whether all the ports a rule is about are TCP; false when one is not known.
bool all_tcp(const Ports& ports, const Node* wanted) {
  if (wanted == nullptr || wanted->size() == 0)
    return !ports.empty() && std::ranges::all_of(ports, &Port::tcp);
  return std::ranges::all_of(wanted->children, [&](const Node& port) {
    return std::ranges::any_of(
        ports, [&](const Port& one) { return one.tcp && std::to_string(one.number) == port.text; });
  });
}

/// The first field of an operation that only requests of HTTP have; nullptr when there is none.
const Node* of_http(const Node& operation, std::string_view& field) {
  for (const std::string_view one : {"methods", "paths", "hosts"})
    if (const Node* asked = operation.find(field = one)) return asked;
  return nullptr;
}

void check(const Estate& estate, Report& report) {
  const auto ports = ports_of_pods(estate);
  if (ports.empty()) return;
  const auto kinds = selecting_kinds();
  const auto kind = std::ranges::find(kinds, "AuthorizationPolicy", &SelectingKind::kind);
  each(estate.of("AuthorizationPolicy", "security.istio.io"), "spec.rules[].to[].operation",
       [&](const Resource* policy, const Place& operation) {
         std::string_view field;
         const Node* asked = of_http(operation.node, field);
         if (asked == nullptr || labels_of(*policy, *kind) == nullptr) return;
         const auto pods = chosen(estate, *policy, *kind);
         const bool tcp = !pods.empty() && std::ranges::all_of(pods, [&](const Pods* one) {
           const auto known = ports.find(one);
           return known != ports.end() && all_tcp(known->second, operation.node.find("ports"));
         });
         if (!tcp) return;
         const bool deny = text(policy->root, "spec.action") == "DENY";
         report
             .at(*policy, *asked, fmt::format("{}.{}", operation.path, field),
                 fmt::format("'{}' of connections that are not read as HTTP: {}", field,
                             deny ? "they are left out, so the rule denies every connection there"
                                  : "the rule never holds, so it lets nobody in"))
             .notes = {{{}, "ask for ports and principals only, or give the Service port an http name"}};
       });
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
