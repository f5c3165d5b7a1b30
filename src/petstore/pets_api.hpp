#pragma once

#include "http/server.hpp"
#include "petstore/pet_json.hpp"

namespace marty::petstore {

/// An application/problem+json answer.
http::Response problem(int status, std::string_view detail, const std::vector<FieldError>& errors = {});
/// 405, or 204 to OPTIONS; both name what is allowed.
http::Response not_this_method(std::string_view method, std::string_view allowed);

/// The pets of openapi.yaml: one request in, one answer out, no sockets.
class PetsApi {
 public:
  PetsApi(PetStore& store, PetForm form) : store_(store), form_(form) {}
  http::Response collection(const http::Request&);
  /// `id` is the path segment as sent.
  http::Response item(const http::Request&, std::string_view id);

 private:
  http::Response list(const http::Request&);
  http::Response create(const http::Request&);
  http::Response read(PetId);
  http::Response replace(const http::Request&, PetId);
  http::Response patch(const http::Request&, PetId);
  http::Response remove(PetId);

  PetStore& store_;
  PetForm form_;
};

}  // namespace marty::petstore
