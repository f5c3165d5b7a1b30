#pragma once

#include <optional>

#include "engine/engine.hpp"

/// The answers a sidecar gives itself, worded as Envoy words them, in one table (istio.md 3). Texts are
/// static: replying allocates nothing.
namespace marty::engine::replies {

using telemetry::Flag;

struct Reply {
  int status;
  std::string_view body, details;
  std::optional<Flag> flag;
};

inline constexpr std::string_view kDirectResponse = "direct_response";
inline constexpr Reply kNoRoute{404, "", "route_not_found", Flag::kNoRoute};
inline constexpr Reply kUnknownHost{502, "", kDirectResponse, {}};  ///< REGISTRY_ONLY's route block_all
inline constexpr Reply kNoCluster{503, "", "cluster_not_found", Flag::kNoCluster};
inline constexpr Reply kNoHealthyUpstream{503, "no healthy upstream", "no_healthy_upstream",
                                          Flag::kNoHealthyUpstream};
inline constexpr Reply kRouteTimeout{504, "upstream request timeout", "response_timeout",
                                     Flag::kUpstreamTimeout};
inline constexpr Reply kFaultAbort{503, "fault filter abort", "fault_filter_abort", Flag::kFaultInjected};
inline constexpr Reply kRateLimited{429, "local_rate_limited", "local_rate_limited", Flag::kRateLimited};
inline constexpr Reply kDenied{403, "RBAC: access denied", "rbac_access_denied_matched_policy[none]", {}};

/// The answer after a try that brought none: a connection that failed, or our own breaker.
struct Failed {
  int status;
  std::string_view first, retried;  ///< body after the first try, and after a retry
  std::string_view details, details_after_head;
  Flag flag;
  bool overloaded = false;
};

#define MARTY_FAILED(status, reason, details, flag, ...)                                           \
  Failed {                                                                                         \
    status, "upstream connect error or disconnect/reset before headers. reset reason: " reason,    \
        "upstream connect error or disconnect/reset before headers. retried and the latest reset " \
        "reason: " reason,                                                                         \
        "upstream_reset_before_response_started{" details "}",                                     \
        "upstream_reset_after_response_started{" details "}", flag __VA_OPT__(, ) __VA_ARGS__      \
  }

inline constexpr Failed kOverflow = MARTY_FAILED(503, "overflow", "overflow", Flag::kUpstreamOverflow, true);

constexpr Failed failed(policy::TryFailure failure) {
  using policy::TryFailure;
  switch (failure) {
    case TryFailure::kConnectFailure:
      return MARTY_FAILED(503, "remote connection failure",
                          "remote_connection_failure|delayed_connect_error:_Connection_refused",
                          Flag::kUpstreamConnectionFailure);
    case TryFailure::kConnectTimeout:
      return MARTY_FAILED(503, "connection timeout", "connection_timeout", Flag::kUpstreamConnectionFailure);
    case TryFailure::kTlsFailure:
      return MARTY_FAILED(503, "remote connection failure",
                          "remote_connection_failure|TLS_error:handshake_failed:TLS_error_end",
                          Flag::kUpstreamConnectionFailure);
    case TryFailure::kReset:
    case TryFailure::kResetBeforeRequest:
      break;
    case TryFailure::kPerTryTimeout:
      return {504,
              "upstream request timeout",
              "upstream request timeout",
              "upstream_per_try_timeout",
              "upstream_per_try_timeout",
              Flag::kUpstreamTimeout};
    case TryFailure::kProtocolError:
      return MARTY_FAILED(502, "protocol error", "protocol_error", Flag::kUpstreamProtocolError);
  }
  return MARTY_FAILED(503, "connection termination", "connection_termination",
                      Flag::kUpstreamConnectionTermination);
}

#undef MARTY_FAILED

}  // namespace marty::engine::replies
