#include "proxy/field_class.hpp"

#include "http/header_list.hpp"

namespace marty::proxy {

FieldClass classify(std::string_view name) {
  using enum FieldClass;
  switch (name.size()) {
    case 2:
      return name == "te" ? kHopByHop : kPass;
    case 4:
      return name == "host" ? kHost : name == "date" ? kDate : kPass;
    case 6:
      return name == "expect" ? kExpect : name == "server" ? kServer : kPass;
    case 7:
      return name == "upgrade" || name == "trailer" ? kHopByHop : kPass;
    case 10:
      return name == "user-agent"                           ? kUserAgent
             : name == "connection" || name == "keep-alive" ? kHopByHop
                                                            : kPass;
    case 12:
      return name == "x-request-id" ? kRequestId : kPass;
    case 15:
      return name == "x-forwarded-for" ? kForwardedFor : kPass;
    case 16:
      return name == "proxy-connection" ? kHopByHop : name == "x-envoy-retry-on" ? kEnvoyControl : kPass;
    case 17:
      return name == "transfer-encoding" ? kHopByHop : name == "x-forwarded-proto" ? kForwardedProto : kPass;
    case 19:
      return name == "x-envoy-max-retries" || name == "proxy-authorization" ? kEnvoyControl : kPass;
    case 21:
      return name == "x-envoy-attempt-count" ? kAttemptCount : kPass;
    case 23:
      return name == "x-forwarded-client-cert" ? kClientCert : kPass;
    case 29:
      return name == "x-envoy-upstream-service-time" ? kServiceTime : kPass;
    case 30:
      return name == "x-envoy-upstream-rq-timeout-ms" || name == "x-envoy-expected-rq-timeout-ms"
                 ? kEnvoyControl
                 : kPass;
    default:
      return kPass;
  }
}

bool names_fields(std::string_view connection) {
  return !connection.empty() && !http::equals_ignoring_case(connection, "close") &&
         !http::equals_ignoring_case(connection, "keep-alive");
}

}  // namespace marty::proxy
