#pragma once

#include "petstore/store.hpp"

namespace marty::petstore {

/// The two versions of the service differ in one field, so that a canary can be told apart by its answers.
enum class PetForm {
  kPlain,     ///< v1
  kWithSelf,  ///< v2: "self" holds the pet's own path
};

/// A pet read from a request body; usable only when `errors` is empty, which otherwise names every wrong
/// field.
struct PetReading {
  PetFields fields;
  std::vector<FieldError> errors;
};

/// A whole pet. `id` is the id in the path: a body may repeat it but not contradict it; without one (POST)
/// the body must not have an id.
PetReading read_pet(std::string_view body, std::optional<PetId> id);
/// `current` with a JSON merge patch (RFC 7396) applied.
PetReading read_patch(std::string_view body, const Pet& current);

std::string write_pet(const Pet&, PetForm);
std::string write_page(const Page&, const PageQuery&, PetForm);

/// An application/problem+json body (RFC 9457); `errors` is left out when empty.
std::string write_problem(int status, std::string_view detail, const std::vector<FieldError>& errors);

}  // namespace marty::petstore
