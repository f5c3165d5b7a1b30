#pragma once

#include <optional>

#include "policy/mtls_mode.hpp"
#include "rules/estate.hpp"

namespace marty::rules {

/// The mode in force at a port of these pods (0: whatever no port says), and where it was written.
Sourced<policy::MtlsMode> mtls_mode(const Estate&, const Pods&, std::uint16_t port = 0);

/// Whether Istio's sidecar lets connections to this port of the pods pass untouched, by their annotations.
bool passed_by(const Pods&, std::uint16_t port);

/// STRICT at injected pods behind a Service, with its place; for one of the Service's ports, or with 0 for
/// any.
std::optional<Sourced<policy::MtlsMode>> strict_behind(const Estate&, const Resource& service,
                                                       std::int64_t port = 0);

/// Every tls block of the DestinationRules, with the Service port it is for (0: all of them).
void each_client_tls(const Estate&,
                     FunctionRef<void(const Resource& rule, const Place& tls, std::int64_t port)> see);

}  // namespace marty::rules
