#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/engine.hpp"

/// Linkerd's statistics (linkerd.md 5): one series per try where the caller's proxy counts, one per call
/// where routes and the server's proxy do.
namespace marty::engine {

enum class LinkerdRetry : std::uint8_t { kRequest, kSuccess, kLimitExceeded, kOverflow };

/// Finds the series of a try or a call without spelling out its labels each time. Its keys are addresses in
/// one program.
class LinkerdSeries {
 public:
  /// A try that was sent: `latency` to the first byte of the body, `duration` to its end.
  void count_try(telemetry::Registry&, const Call&, Duration latency, Duration duration);
  void count_retry(telemetry::Registry&, const Call&, LinkerdRetry);
  /// A finished call; inbound `identity` is the caller's, empty without mutual TLS.
  void count_call(telemetry::Registry&, const Call&, int status, std::string_view identity, Duration latency,
                  Duration duration);

 private:
  struct Series {
    std::uint64_t* counters[4] = {};  ///< nullptr: not one of these
    telemetry::Histogram *latency_ms = nullptr, *duration_s = nullptr;
    void record(Duration latency, Duration duration) const;
  };
  struct Key {
    const void *where, *who;
    std::uint32_t authorization;
    std::uint16_t status;
    Call::Failure failure;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key&) const;
  };
  static Series try_series(telemetry::Registry&, const Call&);
  static Series route_series(telemetry::Registry&, const Call&, int status);
  static Series inbound_series(telemetry::Registry&, const Call&, int status, std::string_view identity);

  static Series retry_series(telemetry::Registry&, const Call&, LinkerdRetry);

  std::unordered_map<Key, Series, Hash> tries_, calls_, retries_;
};

/// Brings the gauge of a balancer's endpoints up to date: ready, and pending behind an open breaker.
void write_balancer(telemetry::Registry&, const ClusterState&);

}  // namespace marty::engine
