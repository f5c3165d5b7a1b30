#include "policy/outlier_detection.hpp"

#include <algorithm>
#include <utility>

namespace marty::policy {
namespace {

constexpr Duration kMaxEjectionTime = 300s;            // Envoy's default; Istio has no field for it
constexpr Duration kShortestInterval = 1ms;            // Istio's lower bound; keeps next_sweep() moving
constexpr std::uint32_t kUnenforcedGatewayErrors = 5;  // Envoy counts at 5 even where Istio enforces nothing

constexpr bool is_gateway_error(int status) { return status >= 502 && status <= 504; }

}  // namespace

OutlierDetection::OutlierDetection(const Config& config, std::size_t endpoints, Instant now)
    : config_(config),
      gateway_threshold_(config.consecutive_gateway_errors.written() || *config.consecutive_gateway_errors > 0
                             ? *config.consecutive_gateway_errors
                             : kUnenforcedGatewayErrors),
      hosts_(endpoints) {
  next_sweep_ = now + std::max(*config_.interval, kShortestInterval);
}

void OutlierDetection::take_over(const OutlierDetection& previous, std::span<const std::size_t> before) {
  counters_ = previous.counters_;
  counters_.active = 0;
  next_sweep_ = previous.next_sweep_;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == SIZE_MAX) continue;
    hosts_[i] = previous.hosts_[before[i]];
    counters_.active += hosts_[i].ejected ? 1 : 0;
  }
}

std::optional<OutlierDetection::Ejection> OutlierDetection::on_response(Instant now, std::size_t endpoint,
                                                                        int status) {
  return count_external(now, endpoint, status);
}

std::optional<OutlierDetection::Ejection> OutlierDetection::on_failure(Instant now, std::size_t endpoint,
                                                                       TryFailure failure) {
  if (*config_.split_external_local_origin_errors) return count_local(now, endpoint);
  const bool timeout = failure == TryFailure::kConnectTimeout || failure == TryFailure::kPerTryTimeout;
  return count_external(now, endpoint, timeout ? 504 : 503);
}

std::optional<OutlierDetection::Ejection> OutlierDetection::on_route_timeout(Instant now,
                                                                             std::size_t endpoint) {
  return on_failure(now, endpoint, TryFailure::kPerTryTimeout);
}

void OutlierDetection::on_connected(std::size_t endpoint) {
  if (*config_.split_external_local_origin_errors) hosts_[endpoint].errors_local = 0;
}

std::optional<OutlierDetection::Ejection> OutlierDetection::count_external(Instant now, std::size_t endpoint,
                                                                           int status) {
  auto& host = hosts_[endpoint];
  if (status < 500) {
    host.errors_5xx = host.errors_gateway = 0;
    return {};
  }
  std::optional<Ejection> ejection;
  if (!is_gateway_error(status)) {
    host.errors_gateway = 0;
  } else if (++host.errors_gateway == gateway_threshold_) {
    ejection = detected(now, endpoint, Cause::kConsecutiveGatewayErrors);
  }
  if (++host.errors_5xx == *config_.consecutive_5xx && !host.ejected)
    ejection = detected(now, endpoint, Cause::kConsecutive5xx);
  return ejection;
}

std::optional<OutlierDetection::Ejection> OutlierDetection::count_local(Instant now, std::size_t endpoint) {
  if (++hosts_[endpoint].errors_local != *config_.consecutive_local_origin_failures) return {};
  return detected(now, endpoint, Cause::kConsecutiveLocalOriginFailures);
}

OutlierDetection::Track OutlierDetection::track(Host& host, Cause cause) {
  switch (cause) {
    case Cause::kConsecutive5xx:
      return {host.errors_5xx, config_.consecutive_5xx, counters_.detected_consecutive_5xx,
              counters_.enforced_consecutive_5xx};
    case Cause::kConsecutiveGatewayErrors:
      return {host.errors_gateway, config_.consecutive_gateway_errors,
              counters_.detected_consecutive_gateway_failure, counters_.enforced_consecutive_gateway_failure};
    case Cause::kConsecutiveLocalOriginFailures:
      break;
  }
  return {host.errors_local, config_.consecutive_local_origin_failures,
          counters_.detected_consecutive_local_origin_failure,
          counters_.enforced_consecutive_local_origin_failure};
}

std::optional<OutlierDetection::Ejection> OutlierDetection::detected(Instant now, std::size_t endpoint,
                                                                     Cause cause) {
  auto& host = hosts_[endpoint];
  // A late answer of an endpoint that is already out changes nothing, not even its counter.
  if (host.ejected) return {};
  auto track = this->track(host, cause);
  const auto failures = std::exchange(track.failures, 0);
  ++track.detected;
  if (100 * (std::uint64_t{counters_.active} + 1) >
      std::uint64_t{*config_.max_ejection_percent} * hosts_.size()) {
    ++counters_.overflow;
    return {};
  }
  if (*track.threshold == 0) return {};  // detected, not enforced
  ++track.enforced;
  eject(now, host);
  return Ejection{cause, track.threshold.origin, host.until, failures};
}

void OutlierDetection::eject(Instant now, Host& host) {
  ++counters_.enforced_total;
  ++counters_.active;
  const auto base = std::max(*config_.base_ejection_time, Duration{});
  const auto longest = std::max(kMaxEjectionTime, base);
  // base·n may only exceed `longest` by one base, so the product cannot overflow for any base below 146
  // years.
  if (base * host.times_ejected < longest + base) ++host.times_ejected;
  host.ejected = true;
  host.until = now + std::min(base * host.times_ejected, longest);
}

void OutlierDetection::sweep(Instant now, std::vector<std::size_t>& back) {
  if (now < next_sweep_) return;
  const auto interval = std::max(*config_.interval, kShortestInterval);
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    auto& host = hosts_[i];
    if (!host.ejected) {
      // An endpoint that behaves between two sweeps is forgiven one past ejection.
      if (host.times_ejected > 0 && now - host.returned_at >= interval) --host.times_ejected;
    } else if (now >= host.until) {
      host.ejected = false;
      host.returned_at = now;
      host.errors_5xx = host.errors_gateway = host.errors_local = 0;
      --counters_.active;
      back.push_back(i);
    }
  }
  next_sweep_ = now + interval;
}

bool OutlierDetection::panic() const {
  const auto healthy = hosts_.size() - counters_.active;
  return 100 * healthy < std::uint64_t{*config_.min_health_percent} * hosts_.size();
}

}  // namespace marty::policy
