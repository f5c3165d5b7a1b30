#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace marty::rollout {

/// Counters of one service at one moment, summed over the sidecars of its pods.
struct Counters {
  std::uint64_t requests = 0, failures = 0, mutual_tls = 0;
  std::map<double, std::uint64_t> latency;  ///< upper bound in ms (infinity included) → requests at or below
};

/// From a metrics page in Prometheus' text form (istio_requests_total and
/// istio_request_duration_milliseconds_bucket with reporter="destination"), by destination service and
/// version: "petstore-domain-service v1". Lines that are something else are skipped.
std::map<std::string, Counters> read_counters(std::string_view page);

struct Rates {
  std::string service;  ///< "petstore-domain-service v1"
  double requests_per_second = 0;
  std::optional<double> success_percent;  ///< not 5xx; nothing without requests, as all below
  std::optional<double> mutual_tls_percent;
  std::optional<double> p50_ms, p99_ms;  ///< interpolated inside a bucket, as PromQL does
};

/// What happened between two pages. A counter that went back began anew.
std::vector<Rates> rates(const std::map<std::string, Counters>& before,
                         const std::map<std::string, Counters>& after, double seconds);

}  // namespace marty::rollout
