#pragma once

#include <string>
#include <vector>

#include "engine/program.hpp"
#include "policy/request_view.hpp"
#include "telemetry/trace.hpp"

namespace marty::engine {

/// One step of a decision in words, with the manifest line behind it.
struct Sentence {
  std::string text;  ///< "canary: true matches route canary → subset v2"
  Origin origin;
  std::string place;  ///< "istio-policies.yaml:31:9" or "mesh default"
  telemetry::StepKind kind;
};
std::vector<Sentence> explain(const telemetry::Trace&, const Program&);

/// Every possible course of one request without sending it: what is certain (route, timeout, retries, limits)
/// and what is drawn (each destination with its share, each fault with its probability), client side first,
/// then for each destination the server side (mTLS, authorization, rate limit). From the same program and
/// policies the engine runs.
struct Forecast {
  struct Branch {
    std::string destination;  ///< cluster name
    double percent = 100;
    std::vector<Sentence> server;
    int refused_with = 0;  ///< 403 and the like; 0: reaches the application
  };
  std::vector<Sentence> client;
  std::vector<Branch> branches;
  int answered_locally = 0;  ///< 404 NR, a direct response; 0: goes upstream
};
/// `inbound` are the compiled inbound programs of the destinations' pods.
Forecast forecast(const Program& outbound, const std::vector<std::shared_ptr<const Program>>& inbound,
                  const policy::RequestView&);

}  // namespace marty::engine
