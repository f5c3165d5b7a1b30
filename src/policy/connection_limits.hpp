#pragma once

#include <cstdint>

#include "core/origin.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// Bounds on what one client proxy sends to one cluster (Envoy circuit_breakers.default plus Istio
/// connectionPool). Unset and 0 mean 2^32-1, as Istio maps them. The gauges `*_open` are 1 while the limit is
/// reached.
class ConnectionLimits {
 public:
  static constexpr std::uint32_t kUnlimited = UINT32_MAX;
  struct Config {
    Sourced<std::uint32_t> max_connections{kUnlimited};
    Sourced<std::uint32_t> max_pending_requests{kUnlimited};  ///< http1MaxPendingRequests
    Sourced<std::uint32_t> max_requests{kUnlimited};          ///< http2MaxRequests; HTTP/1.1 as well
    Sourced<std::uint32_t> max_retries{kUnlimited};           ///< concurrent retries
    Sourced<std::uint32_t> max_requests_per_connection{0};    ///< 0: unlimited
    Sourced<Duration> connect_timeout{10s};
    Sourced<Duration> idle_timeout{std::chrono::hours(1)};
    Origin origin;
    friend bool operator==(const Config& a, const Config& b) {
      return a.max_connections == b.max_connections && a.max_pending_requests == b.max_pending_requests &&
             a.max_requests == b.max_requests && a.max_retries == b.max_retries &&
             a.max_requests_per_connection == b.max_requests_per_connection &&
             a.connect_timeout == b.connect_timeout && a.idle_timeout == b.idle_timeout;
    }
  };
  struct Active {
    std::uint32_t connections = 0, pending = 0, requests = 0, retries = 0;
  };
  /// Monotonic counts, named as Envoy's cluster stats.
  struct Overflows {
    std::uint64_t cx = 0, rq_pending = 0, rq_active = 0, rq_retry = 0;
  };

  /// A new connection may always be opened to an endpoint that has none ("one connection per pool").
  bool try_connect(const Config&, std::uint32_t connections_to_endpoint);
  void disconnected();
  bool try_enqueue(const Config&);
  void dequeued();
  bool try_start(const Config&);
  void finished();
  bool try_retry(const Config&);
  void retry_finished();

  /// Which limits are reached now: the gauges circuit_breakers.default.*_open.
  struct Open {
    bool cx = false, rq_pending = false, rq = false, rq_retry = false;
  };
  Open open(const Config&) const;

  const Active& active() const { return active_; }
  const Overflows& overflows() const { return overflows_; }

 private:
  Active active_;
  Overflows overflows_;
};

}  // namespace marty::policy
