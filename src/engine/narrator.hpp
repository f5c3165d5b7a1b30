#pragma once

#include <string>

#include "engine/explain.hpp"

namespace marty::engine {

/// Puts the steps of one decision into words, in order: later steps are told in the light of earlier ones.
/// Steps whose indices the program does not have (a trace of another program) get plainer words.
class Narrator {
 public:
  explicit Narrator(const Program& program) : program_(program) {}

  Sentence tell(const telemetry::Step&);

 private:
  std::string words(const telemetry::Step&);
  std::string inbound(const telemetry::Step&) const;
  /// Where Linkerd's words differ from Istio's; empty elsewhere. narrator_linkerd.cpp
  std::string linkerd(const telemetry::Step&);
  std::string routing(const telemetry::Step&);
  std::string trying(const telemetry::Step&);
  std::string retrying(const telemetry::Step&) const;
  std::string ejecting(const telemetry::Step&) const;
  std::string ending(const telemetry::Step&) const;
  std::string rate_limited(const telemetry::Step&) const;
  std::string chosen(const telemetry::Step&) const;
  std::string cause() const;
  std::string linkerd_server(const telemetry::Step&) const;
  std::string linkerd_retry(const telemetry::Step&) const;
  std::string pod(std::uint32_t endpoint) const;

  const Program& program_;
  const ProgramRoute* route_ = nullptr;
  const Cluster* cluster_ = nullptr;
  telemetry::Step last_end_;  // of a try: kTryResponse, kTryFailed or kPerTryTimeout
};

/// "90% v1 / 10% v2"; one destination without a share.
std::string shares(const Program&, const ProgramRoute&);
/// "header canary: true, method GET|HEAD", "every request" when there is no condition.
std::string conditions(const policy::RouteMatch*);
/// "10s", "25ms", "800us".
std::string short_time(Duration);
/// "default/all-unauthenticated", "AuthorizationPolicy pets/callers".
std::string name_of(const policy::ClientAuthorization&);
/// The subset, or the service's name where there is none.
std::string short_name(const Cluster&);
/// "at most 1 of 3 endpoints".
std::string ejectable(const Cluster&);

}  // namespace marty::engine
