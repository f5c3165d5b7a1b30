#include "rules/parents.hpp"

namespace marty::rules {

namespace {
constexpr std::string_view kGroup = "gateway.networking.k8s.io";
}

void each_gateway_parent(const Estate& estate, const std::function<void(const GatewayParent&)>& see) {
  for (const auto kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"})
    each(estate.of(kind), "spec.parentRefs[]", [&](const Resource* route, const Place& ref) {
      const auto parent = text(ref.node, "kind"), group = text(ref.node, "group");
      if ((!parent.empty() && parent != "Gateway") || (!group.empty() && group != kGroup)) return;
      const auto said = text(ref.node, "namespace");
      const auto ns = said.empty() ? std::string_view(*route->ns) : said;
      const auto name = text(ref.node, "name");
      see({*route, ref, ns, name, estate.find("Gateway", ns, name, kGroup)});
    });
}

std::map<std::string_view, std::vector<std::string_view>> gateway_names(const Estate& estate) {
  std::map<std::string_view, std::vector<std::string_view>> out;
  for (const auto* gateway : estate.of("Gateway", kGroup)) out[*gateway->ns].push_back(*gateway->name);
  return out;
}

void each_chosen_listener(const GatewayParent& parent, const std::function<void(const Place&)>& see) {
  if (parent.gateway == nullptr) return;
  const auto section = text(parent.ref.node, "sectionName"), port = text(parent.ref.node, "port");
  each(parent.gateway->root, "spec.listeners[]", [&](const Place& listener) {
    const bool named = section.empty() || text(listener.node, "name") == section;
    if (named && (port.empty() || text(listener.node, "port") == port)) see(listener);
  });
}

}  // namespace marty::rules
