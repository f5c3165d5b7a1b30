#pragma once

#include <cstdint>
#include <string_view>

namespace marty::proxy {

/// What a proxy does with a field, by its name.
enum class FieldClass : std::uint8_t {
  kPass,
  kHopByHop,  ///< ends at this hop (RFC 9110 7.6.1)
  kHost,
  kExpect,        ///< answered here
  kClientCert,    ///< x-forwarded-client-cert: only a sidecar may say it
  kEnvoyControl,  ///< x-envoy-retry-on and the like: not honoured from applications
  kAttemptCount,  ///< ours to say
  kForwardedProto,
  kForwardedFor,
  kRequestId,
  kUserAgent,
  kServer,
  kDate,
  kServiceTime,  ///< x-envoy-upstream-service-time
};

/// `name` in lower case. One switch on the length, then at most three comparisons.
FieldClass classify(std::string_view name);

/// True when a Connection value names fields beyond "close" and "keep-alive", which then must be dropped too.
bool names_fields(std::string_view connection);

}  // namespace marty::proxy
