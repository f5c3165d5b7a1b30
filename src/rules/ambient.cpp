#include "rules/ambient.hpp"

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

bool uses_waypoint(const Estate& estate, std::string_view ns) {
  const auto waypoint = namespace_label(estate, ns, "istio.io/use-waypoint");
  return !waypoint.empty() && waypoint != "none";
}

}  // namespace marty::rules
