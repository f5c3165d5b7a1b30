#include "petstore/pets_api.hpp"

#include <fmt/format.h>

#include "petstore/routes.hpp"

namespace marty::petstore {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view kMergePatch = "application/merge-patch+json";

http::Response store_failed(const Error& error) {
  return problem(503, fmt::format("the store failed: {}; {}", error.text, error.next));
}

/// A Content-Type without its parameters (RFC 9110 8.3).
std::string_view media_type(const Request& request) {
  const http::Header* const line = request.headers->find("content-type");
  if (line == nullptr) return {};
  const std::string_view type = line->value.substr(0, line->value.find(';'));
  return type.substr(0, type.find_last_not_of(" \t") + 1);
}

enum class Accepts { kJson, kJsonOrMergePatch };

std::optional<Response> refuse_media_type(const Request& request, Accepts accepts) {
  const std::string_view type = media_type(request);
  if (http::equals_ignoring_case(type, "application/json")) return std::nullopt;
  if (accepts == Accepts::kJson) return problem(415, "send the pet as application/json");
  if (http::equals_ignoring_case(type, kMergePatch)) return std::nullopt;
  Response answer = problem(415, "send the change as application/merge-patch+json or application/json");
  answer.headers.emplace_back("accept-patch", kMergePatch);
  return answer;
}

Response invalid(const std::vector<FieldError>& errors) {
  return problem(400, "the request has errors; each is listed", errors);
}

Response no_such_pet(PetId id) { return problem(404, fmt::format("there is no pet {}", id)); }

}  // namespace

Response problem(int status, std::string_view detail, const std::vector<FieldError>& errors) {
  return {.status = status,
          .content_type = "application/problem+json",
          .body = write_problem(status, detail, errors)};
}

Response not_this_method(std::string_view method, std::string_view allowed) {
  Response answer =
      method == "OPTIONS" ? Response{.status = 204} : problem(405, fmt::format("allowed here: {}", allowed));
  answer.headers.emplace_back("allow", allowed);
  return answer;
}

Response PetsApi::collection(const Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return list(request);
  if (request.method == "POST") return create(request);
  return not_this_method(request.method, "GET, HEAD, POST, OPTIONS");
}

Response PetsApi::item(const Request& request, std::string_view id_text) {
  constexpr std::string_view kAllowed = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
  const auto id = whole_number(id_text, 1, kPetIdMax);
  if (!id) return invalid({{"id", fmt::format("must be a whole number from 1 to {}", kPetIdMax)}});
  if (request.method == "GET" || request.method == "HEAD") return read(*id);
  if (request.method == "PUT") return replace(request, *id);
  if (request.method == "PATCH") return patch(request, *id);
  if (request.method == "DELETE") return remove(*id);
  return not_this_method(request.method, kAllowed);
}

Response PetsApi::list(const Request& request) {
  std::vector<FieldError> errors;
  const PageQuery query = read_page_query(request.query, errors);
  if (!errors.empty()) return invalid(errors);
  auto page = store_.list(query);
  if (!page) return store_failed(page.error());
  return {.body = write_page(*page, query, form_)};
}

Response PetsApi::create(const Request& request) {
  if (auto refused = refuse_media_type(request, Accepts::kJson)) return *refused;
  const PetReading reading = read_pet(request.body, std::nullopt);
  if (!reading.errors.empty()) return invalid(reading.errors);
  auto pet = store_.add(reading.fields);
  if (!pet) return store_failed(pet.error());
  return {.status = 201, .body = write_pet(*pet, form_), .headers = {{"location", pet_path(pet->id)}}};
}

Response PetsApi::read(PetId id) {
  auto pet = store_.find(id);
  if (!pet) return store_failed(pet.error());
  if (!*pet) return no_such_pet(id);
  return {.body = write_pet(**pet, form_)};
}

Response PetsApi::replace(const Request& request, PetId id) {
  if (auto refused = refuse_media_type(request, Accepts::kJson)) return *refused;
  const PetReading reading = read_pet(request.body, id);
  if (!reading.errors.empty()) return invalid(reading.errors);
  const Pet pet{id, reading.fields};
  if (id > kChosenPetIdMax) {
    // Only an id that POST has given may be this high.
    auto changed = store_.change(id, [&](Pet& stored) { return stored = pet, Keep::kYes; });
    if (!changed) return store_failed(changed.error());
    if (*changed) return {.body = write_pet(pet, form_)};
    return invalid({{"id", fmt::format("a new pet's id must be at most {}", kChosenPetIdMax)}});
  }
  auto placed = store_.put(pet);
  if (!placed) return store_failed(placed.error());
  Response answer{.body = write_pet(pet, form_)};
  if (*placed == Placed::kCreated) {
    answer.status = 201;
    answer.headers.emplace_back("location", pet_path(id));
  }
  return answer;
}

Response PetsApi::patch(const Request& request, PetId id) {
  if (auto refused = refuse_media_type(request, Accepts::kJsonOrMergePatch)) return *refused;
  std::vector<FieldError> errors;
  auto pet = store_.change(id, [&](Pet& stored) {
    PetReading reading = read_patch(request.body, stored);
    errors = std::move(reading.errors);
    if (!errors.empty() || reading.fields == stored.fields) return Keep::kNo;
    stored.fields = std::move(reading.fields);
    return Keep::kYes;
  });
  if (!pet) return store_failed(pet.error());
  if (!*pet) return no_such_pet(id);
  if (!errors.empty()) return invalid(errors);
  return {.body = write_pet(**pet, form_)};
}

/// 204 also when there was nothing: what DELETE asks for holds either way, and a retry must not look like a
/// failure.
Response PetsApi::remove(PetId id) {
  if (Status removed = store_.remove(id); !removed) return store_failed(removed.error());
  return {.status = 204};
}

}  // namespace marty::petstore
