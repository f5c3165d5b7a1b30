#include <fmt/format.h>

#include "rollout/checks/checks.hpp"

namespace marty::rollout::checks {

using manifest::Node;

namespace {

/// Where a kind keeps its weighted destinations: in a list of routes, or, without one, at the top.
struct Shape {
  std::string_view group, kind, routes, destinations;
};
constexpr Shape kShapes[] = {
    {"networking.istio.io", "VirtualService", "http", "route"},
    {"gateway.networking.k8s.io", "HTTPRoute", "rules", "backendRefs"},
    {"policy.linkerd.io", "HTTPRoute", "rules", "backendRefs"},
    {"split.smi-spec.io", "TrafficSplit", "", "backends"},
};

std::string name_of(const Node& destination) {
  for (const Node* name : {destination.at({"destination", "subset"}), destination.at({"destination", "host"}),
                           destination.find("service"), destination.find("name")})
    if (name && name->is_scalar()) return name->text;
  return "?";
}

/// "v1 90, v2 10"; empty when there is nothing to choose from.
std::string weights(const Node* destinations) {
  if (!destinations || destinations->size() < 2) return {};
  std::string out;
  for (const Node& one : destinations->children) {
    const Node* weight = one.find("weight");
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name_of(one), weight ? weight->text : "1");
  }
  return out;
}

}  // namespace

void split(const Evidence& evidence, Report& report) {
  for (const auto& shape : kShapes) {
    for (const auto* live : live_of(evidence, shape.group, shape.kind)) {
      const Node* spec = live->root.find("spec");
      if (!spec) continue;
      const auto subject = shown(key_of(*live));
      std::string told;  // routes for chaos or retries share one split: say it once
      const auto say = [&](const std::string& text) {
        if (!text.empty() && text != told) report.ok(subject, "weights " + text);
        if (!text.empty()) told = text;
      };
      if (shape.routes.empty()) {
        say(weights(spec->find(shape.destinations)));
      } else if (const Node* routes = spec->find(shape.routes)) {
        for (const Node& route : routes->children) say(weights(route.find(shape.destinations)));
      }
    }
  }
}

}  // namespace marty::rollout::checks
