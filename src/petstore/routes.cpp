#include "petstore/routes.hpp"

namespace marty::petstore {
namespace {

constexpr std::string_view kPetsPath = "/api/petstore-domain/pets";

}  // namespace

std::string_view route_template(Route route) {
  switch (route) {
    case Route::kPets:
      return kPetsPath;
    case Route::kPet:
      return "/api/petstore-domain/pets/{id}";
    case Route::kHealth:
      return "/health";
    case Route::kReady:
      return "/ready";
    case Route::kMetrics:
      return "/metrics";
    case Route::kFail:
      return "/admin/fail";
    case Route::kUnknown:
      break;
  }
  return "unknown";
}

RoutedPath find_route(std::string_view path) {
  for (Route route : {Route::kPets, Route::kHealth, Route::kReady, Route::kMetrics, Route::kFail}) {
    if (path == route_template(route)) return {route, {}};
  }
  if (!path.starts_with(kPetsPath)) return {};
  std::string_view rest = path.substr(kPetsPath.size());
  if (rest.size() < 2 || rest.front() != '/') return {};
  rest.remove_prefix(1);
  if (rest.find('/') != rest.npos) return {};
  return {Route::kPet, rest};
}

std::string pet_path(PetId id) { return std::string(kPetsPath) + "/" + std::to_string(id); }

}  // namespace marty::petstore
