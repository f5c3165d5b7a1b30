#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The port through which meshed callers reach every port of a pod, where the mesh has one.
std::int64_t tunnel_of(const Estate& estate, std::string_view ns) {
  if (estate.linkerd_injected(ns)) return 4143;
  return is_ambient(estate, ns) ? 15008 : 0;
}

/// Ports of the proxy itself are not behind the tunnel.
bool names_application_port(const Node& rule) {
  static constexpr std::array<std::string_view, 7> kOfProxies{"4143",  "4190",  "4191", "15008",
                                                              "15020", "15021", "15090"};
  bool named = false;
  each(rule, "ports[].port", [&](const Place& port) {
    named |= std::ranges::count(kOfProxies, std::string_view(port.node.text)) == 0;
  });
  return named;
}

bool names_port(const Node& rule, std::int64_t wanted) {
  bool named = false;
  each(rule, "ports[].port", [&](const Place& port) { named |= number(port.node, "") == wanted; });
  return named;
}

/// Peers in an order of their own, to be compared; an absent or empty list is anybody.
bool same_peers(const Node& a, const Node& b) {
  const Node *one = a.find("from"), *other = b.find("from");
  const bool any_a = one == nullptr || one->size() == 0, any_b = other == nullptr || other->size() == 0;
  if (any_a || any_b) return any_a == any_b;
  return one->size() == other->size() && std::ranges::all_of(one->children, [&](const Node& peer) {
           return std::ranges::count(other->children, peer) > 0;
         });
}

void check(const Estate& estate, Report& report) {
  for (const auto* policy : estate.of("NetworkPolicy", "networking.k8s.io")) {
    const auto tunnel = tunnel_of(estate, *policy->ns);
    const Node* rules = tunnel == 0 ? nullptr : get(policy->root, "spec.ingress");
    if (rules == nullptr) continue;
    const auto open =
        std::ranges::find_if(rules->children, [&](auto& rule) { return names_port(rule, tunnel); });
    if (open == rules->children.end()) continue;
    each(policy->root, "spec.ingress[]", [&](const Place& rule) {
      const Node* from = rule.node.find("from");
      if (&rule.node == &*open || from == nullptr || from->size() == 0 ||
          !names_application_port(rule.node) || same_peers(rule.node, *open))
        return;
      report
          .at(*policy, *from, rule.path + ".from",
              fmt::format("who reaches port {} reaches these ports, too: meshed calls arrive there", tunnel))
          .notes = {see(*open, fmt::format("{} is opened here", tunnel)),
                    {{}, "say who may call which port in a policy of the mesh"}};
    });
  }
}

}  // namespace

extern const Rule port_list_bypassed{
    .id = "port-list-bypassed",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a NetworkPolicy's list of callers that meshed callers get around",
    .why =
        "Between meshed pods every connection goes to one port of the proxy, 4143 with Linkerd and 15008 in "
        "ambient mode, whichever port of the application it is for. A NetworkPolicy sees that port only, so "
        "whoever may reach it reaches all others: which caller may use which port has to be said by the "
        "mesh's own policies.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - ports: [{port: 4143}]
  - ports: [{port: 9000}]
    from:
    - podSelector: {matchLabels: {app: admin}} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress:
  - ports: [{port: 4143}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
