#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/origin.hpp"
#include "core/rng.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// Why a try ended without an upstream response. `kReset` is RST or EOF after the request was (partly) sent.
enum class TryFailure {
  kConnectFailure,
  kConnectTimeout,
  kTlsFailure,
  kReset,
  kResetBeforeRequest,
  kPerTryTimeout,
  kProtocolError
};

/// When to try again and how long to wait first (Envoy router retry policy; istio.md 2.4).
/// Overflow (503 UO) of our own breaker is never retried, nor a response that carries x-envoy-overloaded or
/// x-envoy-ratelimited; the caller checks that. Delay before the n-th retry: uniform in [0, min(base·2^(n-1),
/// 10·base)).
struct Retry {
  enum On : std::uint32_t {
    k5xx = 1,
    kGatewayError = 2,
    kReset = 4,
    kResetBeforeRequest = 8,
    kConnectFailure = 16,
    kRetriable4xx = 32,
    kRefusedStream = 64,
    kRetriableStatusCodes = 128,
    kCancelled = 256,
    kDeadlineExceeded = 512,
    kInternal = 1024,
    kResourceExhausted = 2048,
    kUnavailable = 4096,
    kRetriableHeaders = 8192,
    kEnvoyRateLimited = 16384,
  };
  struct Config {
    Sourced<std::uint32_t> attempts{2};  ///< retries after the first try; 0: never
    Sourced<std::uint32_t> on{kConnectFailure | kRefusedStream | kUnavailable | kCancelled |
                              kRetriableStatusCodes};
    std::vector<Sourced<std::uint16_t>> status_codes;
    std::optional<Sourced<Duration>> per_try_timeout;
    Sourced<Duration> backoff_base{25ms};
    bool avoid_previous_hosts = true;
    Origin origin;  ///< of the retries block; unknown: Istio's default policy
    friend bool operator==(const Config& a, const Config& b) {
      return a.attempts == b.attempts && a.on == b.on && a.status_codes == b.status_codes &&
             a.per_try_timeout == b.per_try_timeout && a.backoff_base == b.backoff_base &&
             a.avoid_previous_hosts == b.avoid_previous_hosts;
    }
  };

  /// One word of a retryOn list ("gateway-error"), or nothing when the mesh does not know it.
  static std::optional<std::uint32_t> word(std::string_view name);
  static std::vector<std::string_view> words();
  /// "connect-failure,refused-stream,503" in the canonical order of words, codes last.
  static std::string describe(const Config&);

  /// `grpc_status` from response headers of a gRPC answer, else nothing.
  static bool retriable(const Config&, int status, std::optional<int> grpc_status);
  static bool retriable(const Config&, TryFailure);
  static Duration backoff(const Config&, std::uint32_t nth_retry, Rng&);
};

}  // namespace marty::policy
