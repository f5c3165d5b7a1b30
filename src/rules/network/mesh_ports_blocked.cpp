#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool lists(const Node* list, std::string_view wanted) {
  return list != nullptr && std::any_of(list->children.begin(), list->children.end(),
                                        [&](const Node& item) { return item.text == wanted; });
}

/// Whether a rule of that direction lets TCP to the port out (or in), whoever the peer is.
bool opens(const Node& policy, std::string_view direction, std::int64_t wanted) {
  bool open = false;
  each(policy, fmt::format("spec.{}[]", direction), [&](const Place& rule) {
    const Node* ports = rule.node.find("ports");
    if (ports == nullptr || ports->size() == 0) open = true;
    each(rule.node, "ports[]", [&](const Place& port) {
      const auto first = number(port.node, "port"), last = number(port.node, "endPort");
      // No port is all of them, and what a name stands for is up to the peer's pods.
      if (!first || (*first <= wanted && wanted <= last.value_or(*first))) open = true;
    });
  });
  return open;
}

struct Need {
  std::string_view direction;
  std::int64_t port;
  std::string_view why;
};
constexpr Need kIstio[] = {{"egress", 15012, "certificates and configuration from istiod"},
                           {"egress", 53, "DNS: without it nobody finds istiod, or anything else"}};
constexpr Need kLinkerd[] = {{"egress", 8080, "identity: without it the proxy never gets a certificate"},
                             {"egress", 8086, "discovery"},
                             {"egress", 8090, "policy"},
                             {"egress", 53, "DNS: without it the proxy finds no control plane"},
                             {"ingress", 4143, "the proxy's own port, where all meshed traffic comes in"}};
constexpr Need kAmbient[] = {{"ingress", 15008, "ztunnel's, where all meshed traffic comes in"}};

bool restricts(const Resource& policy, std::string_view direction) {
  const Node* types = get(policy.root, "spec.policyTypes");
  if (types == nullptr) return direction == "ingress" || get(policy.root, "spec.egress") != nullptr;
  return lists(types, direction == "ingress" ? "Ingress" : "Egress");
}

/// Whether a policy is about all the pods that another is about; expressions are taken to match.
bool covers(const Resource& policy, const Resource& other) {
  const Node* selector = get(policy.root, "spec.podSelector");
  return selector == nullptr || selector->find("matchExpressions") != nullptr ||
         mesh::selects(labels_at(selector->find("matchLabels")),
                       labels_at(get(other.root, "spec.podSelector.matchLabels")));
}

/// Policies add up: what one leaves closed another may open for the same pods.
bool opened_by_another(const Resource& policy, const Estate::List& beside, const Need& need) {
  return std::ranges::any_of(beside, [&](const Resource* other) {
    return other != &policy && covers(*other, policy) && opens(other->root, need.direction, need.port);
  });
}

void check_needs(const Resource& policy, const Estate::List& beside, std::span<const Need> needs,
                 Report& report) {
  for (const auto& need : needs) {
    if (!restricts(policy, need.direction) || opens(policy.root, need.direction, need.port)) continue;
    const Node* rules = get(policy.root, fmt::format("spec.{}", need.direction));
    // Closed on purpose: a default-deny policy is opened by others.
    if (rules == nullptr || rules->size() == 0 || opened_by_another(policy, beside, need)) continue;
    report.at(policy, *rules, fmt::format("spec.{}", need.direction),
              fmt::format("the sidecars need {} port {} ({}), and no rule opens it", need.direction,
                          need.port, need.why));
    return;
  }
}

void check(const Estate& estate, Report& report) {
  std::map<std::string, Estate::List> by_namespace;
  for (const auto* policy : estate.of("NetworkPolicy", "networking.k8s.io"))
    by_namespace[*policy->ns].push_back(policy);
  for (const auto& [ns, policies] : by_namespace) {
    const auto needs = estate.istio_injected(ns)     ? std::span<const Need>(kIstio)
                       : estate.linkerd_injected(ns) ? std::span<const Need>(kLinkerd)
                       : is_ambient(estate, ns)      ? std::span<const Need>(kAmbient)
                                                     : std::span<const Need>();
    for (const auto* policy : policies) check_needs(*policy, policies, needs, report);
  }
}

}  // namespace

extern const Rule mesh_ports_blocked{
    .id = "mesh-ports-blocked",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a NetworkPolicy that cuts sidecars off from their mesh",
    .why =
        "Sidecars talk too: to the control plane for certificates and configuration (istiod 15012; Linkerd "
        "8080, 8086, 8090), to DNS to find it, with Linkerd to each other at 4143, and in ambient mode calls "
        "come in at 15008. A policy that lists the application's ports only lets pods start and then fail "
        "with their certificates, hours later. Policies for the same pods add up; what another one opens is "
        "open.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports: [{protocol: UDP, port: 53}] # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
  - ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
  - to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: istio-system}}}]
    ports: [{protocol: TCP, port: 15012}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: store, namespace: shop}
spec:
  podSelector: {matchLabels: {app: store}}
  policyTypes: [Egress]
  egress:
  - ports: [{protocol: TCP, port: 5432}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
