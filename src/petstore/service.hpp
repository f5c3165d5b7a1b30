#pragma once

#include "petstore/log.hpp"
#include "petstore/pets_api.hpp"
#include "petstore/request_metrics.hpp"
#include "petstore/routes.hpp"

namespace marty::petstore {

enum class FaultAdmin { kOff, kAllowed };

struct ServiceSettings {
  std::string version_label = "v1";
  FaultAdmin fault_admin = FaultAdmin::kOff;
};

/// Everything the process answers, as functions from request to response: the API with its probes on one
/// port, metrics and (if allowed) the fault switch on the other. Each answer carries x-petstore-version.
class Service {
 public:
  using Clock = std::function<Instant()>;
  /// All references must outlive it.
  Service(PetStore& store, const Log& log, Clock clock, ServiceSettings settings);

  http::Response api(const http::Request&);
  http::Response metrics(const http::Request&);
  /// For answers the HTTP server gives by itself.
  void dress_refusal(http::Response&);

 private:
  http::Response answer_api(const http::Request&, const RoutedPath&);
  http::Response ready(const http::Request&);
  http::Response expose(const http::Request&);
  http::Response set_failure(const http::Request&);
  void finish(const http::Request&, Route, http::Response&);

  PetStore& store_;
  const Log& log_;
  Clock clock_;
  ServiceSettings settings_;
  PetsApi pets_;
  RequestMetrics counted_;
  int fail_status_ = 0;
  std::int64_t fail_count_ = 0;  ///< requests still to be failed on purpose
};

}  // namespace marty::petstore
