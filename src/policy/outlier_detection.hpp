#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/origin.hpp"
#include "core/time.hpp"
#include "policy/retry.hpp"

namespace marty::policy {

/// Takes endpoints that keep failing out of load balancing for a while, per client proxy (Envoy outlier
/// detection as Istio configures it; istio.md 2.7 is the specification: strict percentage, growing ejection
/// time, return only at a sweep, 2xx-4xx reset the counters, local failures count as 5xx unless split).
class OutlierDetection {
 public:
  struct Config {
    Sourced<std::uint32_t> consecutive_5xx{5};  ///< 0: off
    /// 0: never ejects, Istio's default. While nobody wrote it Envoy still detects at 5, without enforcing.
    Sourced<std::uint32_t> consecutive_gateway_errors{0};
    Sourced<std::uint32_t> consecutive_local_origin_failures{5};
    Sourced<bool> split_external_local_origin_errors{false};
    Sourced<Duration> interval{10s};
    Sourced<Duration> base_ejection_time{30s};
    Sourced<std::uint32_t> max_ejection_percent{10};  ///< 0..100; strict: floor(hosts·percent/100) at most
    Sourced<std::uint32_t> min_health_percent{0};     ///< below it: panic, all endpoints used; 0: never
    Origin origin;
    friend bool operator==(const Config& a, const Config& b) {
      return a.consecutive_5xx == b.consecutive_5xx &&
             a.consecutive_gateway_errors == b.consecutive_gateway_errors &&
             a.consecutive_local_origin_failures == b.consecutive_local_origin_failures &&
             a.split_external_local_origin_errors == b.split_external_local_origin_errors &&
             a.interval == b.interval && a.base_ejection_time == b.base_ejection_time &&
             a.max_ejection_percent == b.max_ejection_percent && a.min_health_percent == b.min_health_percent;
    }
  };
  enum class Cause : std::uint8_t {
    kConsecutive5xx,
    kConsecutiveGatewayErrors,
    kConsecutiveLocalOriginFailures
  };
  struct Ejection {
    Cause cause;
    Origin origin;  ///< of the threshold that was reached
    Instant earliest_return;
    std::uint32_t failures;
  };
  struct Counters {  ///< named as Envoy's cluster.outlier_detection stats
    std::uint64_t detected_consecutive_5xx = 0, detected_consecutive_gateway_failure = 0,
                  detected_consecutive_local_origin_failure = 0;
    std::uint64_t enforced_consecutive_5xx = 0, enforced_consecutive_gateway_failure = 0,
                  enforced_consecutive_local_origin_failure = 0;
    std::uint64_t enforced_total = 0, overflow = 0;
    std::uint32_t active = 0;
  };

  OutlierDetection(const Config&, std::size_t endpoints, Instant now);

  /// After a reload: endpoint i goes on as `previous`'s endpoint before[i] (SIZE_MAX: a new one), and the
  /// statistics go on counting.
  void take_over(const OutlierDetection& previous, std::span<const std::size_t> before);

  /// A response arrived. Returns the ejection it caused, if any.
  std::optional<Ejection> on_response(Instant now, std::size_t endpoint, int status);
  std::optional<Ejection> on_failure(Instant now, std::size_t endpoint, TryFailure);
  std::optional<Ejection> on_route_timeout(Instant now, std::size_t endpoint);
  void on_connected(std::size_t endpoint);

  /// Sweeps when due: endpoints whose time is over come back. Appends the returned endpoints to `back`.
  void sweep(Instant now, std::vector<std::size_t>& back);
  Instant next_sweep() const { return next_sweep_; }

  bool ejected(std::size_t endpoint) const { return hosts_[endpoint].ejected; }
  Instant earliest_return(std::size_t endpoint) const { return hosts_[endpoint].until; }
  /// True when so few endpoints are healthy that all are used.
  bool panic() const;
  const Counters& counters() const { return counters_; }

 private:
  struct Host {
    std::uint32_t errors_5xx = 0, errors_gateway = 0, errors_local = 0, times_ejected = 0;
    bool ejected = false;
    Instant until, returned_at;
  };
  /// One kind of failure: this endpoint's count, its threshold, and the two statistics.
  struct Track {
    std::uint32_t& failures;
    const Sourced<std::uint32_t>& threshold;
    std::uint64_t &detected, &enforced;
  };
  Track track(Host&, Cause);
  std::optional<Ejection> count_external(Instant now, std::size_t endpoint, int status);
  std::optional<Ejection> count_local(Instant now, std::size_t endpoint);
  std::optional<Ejection> detected(Instant now, std::size_t endpoint, Cause);
  void eject(Instant now, Host&);
  Config config_;
  std::uint32_t gateway_threshold_;
  std::vector<Host> hosts_;
  Instant next_sweep_;
  Counters counters_;
};

}  // namespace marty::policy
