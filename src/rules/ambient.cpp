#include "rules/ambient.hpp"

#include <algorithm>

namespace marty::rules {

std::string_view namespace_label(const Estate& estate, std::string_view ns, std::string_view key) {
  const Resource* space = estate.find("Namespace", "", ns);
  const Node* labels = space == nullptr ? nullptr : get(space->root, "metadata.labels");
  const Node* value = labels == nullptr ? nullptr : labels->find(key);
  return value != nullptr && value->is_scalar() ? std::string_view(value->text) : std::string_view{};
}

bool is_ambient(const Estate& estate, std::string_view ns) {
  return namespace_label(estate, ns, "istio.io/dataplane-mode") == "ambient";
}

bool any_ambient(const Estate& estate) {
  return std::ranges::any_of(estate.of("Namespace"),
                             [&](const auto* space) { return is_ambient(estate, *space->name); });
}

bool uses_waypoint(const Estate& estate, std::string_view ns) {
  const auto waypoint = namespace_label(estate, ns, "istio.io/use-waypoint");
  return !waypoint.empty() && waypoint != "none";
}

std::string_view waypoint_namespace(const Estate& estate, const Resource& service) {
  if (!is_ambient(estate, *service.ns)) return {};
  const Node* labels = get(service.root, "metadata.labels");
  const Node* own = labels == nullptr ? nullptr : labels->find("istio.io/use-waypoint");
  if (own != nullptr ? own->text == "none" : !uses_waypoint(estate, *service.ns)) return {};
  const Node* where = labels == nullptr ? nullptr : labels->find("istio.io/use-waypoint-namespace");
  if (own != nullptr && where != nullptr) return where->text;
  const auto of_namespace = namespace_label(estate, *service.ns, "istio.io/use-waypoint-namespace");
  return own == nullptr && !of_namespace.empty() ? of_namespace : std::string_view(*service.ns);
}

}  // namespace marty::rules
