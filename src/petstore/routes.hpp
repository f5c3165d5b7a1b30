#pragma once

#include <string>
#include <string_view>

#include "petstore/pet.hpp"

namespace marty::petstore {

enum class Route { kPets, kPet, kHealth, kReady, kMetrics, kFail, kUnknown };

/// The path as documented in openapi.yaml, for metrics and logs: bounded in number, unlike paths.
std::string_view route_template(Route);

struct RoutedPath {
  Route route = Route::kUnknown;
  std::string_view id;  ///< kPet: the segment, not yet checked
};
RoutedPath find_route(std::string_view path);

std::string pet_path(PetId);

}  // namespace marty::petstore
