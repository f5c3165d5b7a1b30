#include "rules/connections.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rules/rule.hpp"

namespace marty::rules {

using dialect::kubernetes::NetworkPolicy;
using Direction = NetworkPolicy::Direction;

namespace {

bool acts_on(const NetworkPolicy& policy, Direction direction) {
  if (policy.policy_types.empty()) return direction == Direction::kIngress || policy.egress.has_value();
  return std::any_of(policy.policy_types.begin(), policy.policy_types.end(),
                     [&](const auto& type) { return *type == direction; });
}

/// The number of a port of these pods that is said by name; 0 when none has it.
std::int64_t named_port(const Pods& pods, std::string_view name) {
  std::int64_t found = 0;
  each(*pods.spec, "containers[].ports[]", [&](const Place& port) {
    if (text(port.node, "name") == name) found = number(port.node, "containerPort").value_or(0);
  });
  return found;
}

bool is(const NetworkPolicy::Port& opened, const Pods& to, std::uint16_t port) {
  if (*opened.protocol != NetworkPolicy::Protocol::kTcp) return false;
  if (!opened.port) return true;
  const auto& said = **opened.port;
  if (!said.text.empty()) return named_port(to, said.text) == port;
  const std::int64_t last = opened.end_port ? **opened.end_port : said.number;
  return said.number <= port && port <= last;
}

bool any_port(const std::vector<NetworkPolicy::Port>& ports, const Pods& to, std::uint16_t port) {
  return ports.empty() ||
         std::any_of(ports.begin(), ports.end(), [&](const auto& one) { return is(one, to, port); });
}

}  // namespace

Connections::Connections(const Estate& estate) : estate_(estate) {
  Diagnostics said_before;
  for (const auto* resource : estate.of("NetworkPolicy", "networking.k8s.io")) {
    manifest::Manifest<NetworkPolicy> wire;
    manifest::decode(resource->root, wire, resource->ref(), said_before);
    by_namespace_[*resource->ns].push_back({resource, std::move(wire.spec)});
  }
}

std::vector<const Connections::Policy*> Connections::about(const Pods& pods, Direction direction) const {
  std::vector<const Policy*> out;
  const auto there = by_namespace_.find(pods.ns());
  if (there == by_namespace_.end()) return out;
  for (const auto& policy : there->second)
    if (acts_on(policy.spec, direction) &&
        (!policy.spec.pod_selector || selects(*policy.spec.pod_selector, pods.labels)))
      out.push_back(&policy);
  return out;
}

mesh::Labels Connections::labels_of(std::string_view ns) const {
  const auto* space = estate_.find("Namespace", "", ns);
  auto labels = labels_at(space == nullptr ? nullptr : get(space->root, "metadata.labels"));
  labels["kubernetes.io/metadata.name"] = ns;
  return labels;
}

bool Connections::is(const NetworkPolicy::Peer& peer, std::string_view own_ns, const Pods& pods) const {
  if (peer.ip_block) return true;
  if (!peer.namespace_selector) {
    if (pods.ns() != own_ns) return false;
  } else if (!selects(*peer.namespace_selector, labels_of(pods.ns()))) {
    // Only what every namespace has is certain of one that is not among the files.
    const auto& wanted = peer.namespace_selector->match_labels;
    const bool by_name = wanted.size() == 1 && wanted.begin()->first == "kubernetes.io/metadata.name";
    return !by_name && estate_.find("Namespace", "", pods.ns()) == nullptr;
  }
  return !peer.pod_selector || selects(*peer.pod_selector, pods.labels);
}

std::optional<Refusal> Connections::refused(const Pods& from, const Pods& to, std::uint16_t port) const {
  const auto denied = [&](const Policy& policy, std::string_view who) {
    return Refusal{fmt::format("NetworkPolicy '{}' {} at port {}", *policy.resource->name, who, port),
                   see(*policy.resource, "").where};
  };
  const auto outward = about(from, Direction::kEgress), inward = about(to, Direction::kIngress);
  const auto lets_out = [&](const Policy* policy) {
    if (!policy->spec.egress) return false;
    return std::any_of(policy->spec.egress->begin(), policy->spec.egress->end(), [&](const auto& rule) {
      return any_port(rule.ports, to, port) &&
             (rule.to.empty() || std::any_of(rule.to.begin(), rule.to.end(), [&](const auto& peer) {
                return is(peer, *policy->resource->ns, to);
              }));
    });
  };
  const auto lets_in = [&](const Policy* policy) {
    if (!policy->spec.ingress) return false;
    return std::any_of(policy->spec.ingress->begin(), policy->spec.ingress->end(), [&](const auto& rule) {
      return any_port(rule.ports, to, port) &&
             (rule.from.empty() || std::any_of(rule.from.begin(), rule.from.end(), [&](const auto& peer) {
                return is(peer, *policy->resource->ns, from);
              }));
    });
  };
  if (!outward.empty() && std::none_of(outward.begin(), outward.end(), lets_out))
    return denied(*outward.front(), "does not let it out to these pods");
  if (!inward.empty() && std::none_of(inward.begin(), inward.end(), lets_in))
    return denied(*inward.front(), "does not let it in");
  return std::nullopt;
}

}  // namespace marty::rules
