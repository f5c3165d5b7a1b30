#include "rules/mtls.hpp"

namespace marty::rules {

using policy::MtlsMode;

Sourced<MtlsMode> mtls_mode(const Estate& estate, const Pods& pods, std::uint16_t port) {
  return policy::effective_mtls(estate.model().mtls, std::string(pods.ns()), pods.labels, port,
                                estate.settings().root_namespace);
}

bool passed_by(const Pods& pods, std::uint16_t port) {
  const auto lists = [&](std::string_view key) {
    const auto all = "," + std::string(pods.annotation(key)) + ",";
    return all.find("," + std::to_string(port) + ",") != all.npos;
  };
  const auto included = pods.annotation("traffic.sidecar.istio.io/includeInboundPorts");
  return lists("traffic.sidecar.istio.io/excludeInboundPorts") ||
         (!included.empty() && included != "*" && !lists("traffic.sidecar.istio.io/includeInboundPorts"));
}

std::optional<Sourced<MtlsMode>> strict_behind(const Estate& estate, const Resource& service,
                                               std::int64_t port) {
  const auto* known = estate.modelled(service);
  if (known == nullptr) return std::nullopt;
  for (const auto* pods : estate.pods_of(service)) {
    if (!estate.istio_injected(pods->ns(), pods)) continue;
    for (const auto& one : known->ports) {
      if (port != 0 && one.port != port) continue;
      const auto at_pods = one.target_port != 0 ? one.target_port : one.port;
      const auto mode = mtls_mode(estate, *pods, at_pods);
      if (*mode == MtlsMode::kStrict && !passed_by(*pods, at_pods)) return mode;
    }
  }
  return std::nullopt;
}

void each_client_tls(const Estate& estate,
                     FunctionRef<void(const Resource& rule, const Place& tls, std::int64_t port)> see) {
  constexpr std::size_t kOfAllPorts = 2;  // so many ways lead to them, the others to settings of a port
  static constexpr Way kWays[] = {"spec.trafficPolicy.tls", "spec.subsets[].trafficPolicy.tls",
                                  "spec.trafficPolicy.portLevelSettings[]",
                                  "spec.subsets[].trafficPolicy.portLevelSettings[]"};
  const auto& rules = estate.of("DestinationRule");
  if (rules.empty()) return;
  each(rules.found(), kWays, [&](std::size_t rule, std::size_t way, const Place& at) {
    if (way < kOfAllPorts) return see(*rules[rule], at, 0);
    if (const Node* tls = at.node.find("tls"))
      see(*rules[rule], {*tls, at.path + ".tls"}, number(at.node, "port.number").value_or(0));
  });
}

}  // namespace marty::rules
