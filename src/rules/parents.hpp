#pragma once

#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "rules/estate.hpp"

namespace marty::rules {

/// One parentRef of a route of the Gateway API that means a Gateway.
struct GatewayParent {
  const Resource& route;
  const Place& ref;
  std::string_view ns, name;
  const Resource* gateway;  ///< nullptr: it is not among the files
};
void each_gateway_parent(const Estate&, const std::function<void(const GatewayParent&)>& see);

/// The Gateways of the Gateway API by namespace; one that is absent here has none among the files.
std::map<std::string_view, std::vector<std::string_view>> gateway_names(const Estate&);

/// Calls `see` for every listener that the parentRef chooses, by sectionName and port, or all.
void each_chosen_listener(const GatewayParent&, const std::function<void(const Place&)>& see);

}  // namespace marty::rules
