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

void each_client_tls(const Resource& rule, const std::function<void(const Place&, std::int64_t port)>& see) {
  for (const Way& pattern : {Way("spec.trafficPolicy.tls"), Way("spec.subsets[].trafficPolicy.tls")})
    each(rule.root, pattern, [&](const Place& tls) { see(tls, 0); });
  for (const Way& pattern : {Way("spec.trafficPolicy.portLevelSettings[]"),
                             Way("spec.subsets[].trafficPolicy.portLevelSettings[]")}) {
    each(rule.root, pattern, [&](const Place& settings) {
      const Node* tls = settings.node.find("tls");
      if (tls != nullptr)
        see({*tls, settings.path + ".tls"}, number(settings.node, "port.number").value_or(0));
    });
  }
}

}  // namespace marty::rules
