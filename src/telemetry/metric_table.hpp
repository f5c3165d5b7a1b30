#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace marty::telemetry {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
enum class MetricMesh : std::uint8_t { kIstio, kLinkerd, kMarty };

/// Every metric there is, in the order of `metric_table()`. Names of Istio and Envoy as in istio.md 4.1 and
/// 4.2, of Linkerd as in linkerd.md 5.
enum class MetricId : std::uint8_t {
  // Istio standard metrics, labelled by kIstioLabels.
  kRequests,
  kRequestDuration,
  kRequestBytes,
  kResponseBytes,
  kIstioBuild,
  // Envoy cluster statistics, by cluster_name.
  kUpstreamRqTotal,
  kUpstreamRqActive,
  kUpstreamRqPendingActive,
  kUpstreamRqByCode,
  kUpstreamRqByClass,
  kUpstreamRqRetry,
  kUpstreamRqRetrySuccess,
  kUpstreamRqRetryOverflow,
  kUpstreamRqRetryLimitExceeded,
  kUpstreamRqRetryBackoffExponential,
  kUpstreamRqTimeout,
  kUpstreamRqPerTryTimeout,
  kUpstreamRqPendingOverflow,
  kUpstreamRqActiveOverflow,
  kUpstreamCxTotal,
  kUpstreamCxActive,
  kUpstreamCxConnectFail,
  kUpstreamCxOverflow,
  kBreakerCxOpen,
  kBreakerRqOpen,
  kBreakerRqPendingOpen,
  kBreakerRqRetryOpen,
  kEjectionsActive,
  kEjectionsEnforcedTotal,
  kEjectionsEnforced5xx,
  kEjectionsEnforcedGateway,
  kEjectionsEnforcedLocalOrigin,
  kEjectionsDetected5xx,
  kEjectionsDetectedGateway,
  kEjectionsDetectedLocalOrigin,
  kEjectionsOverflow,
  kMembershipTotal,
  kMembershipHealthy,
  kLbHealthyPanic,
  // Envoy listener side, by http_conn_manager_prefix.
  kDownstreamRqTotal,
  kDownstreamRqByClass,
  kFaultAborts,
  kFaultDelays,
  kFaultActive,
  kRbac,
  // Local rate limit: the stat_prefix is part of the name.
  kRateLimitEnabled,
  kRateLimitOk,
  kRateLimitRateLimited,
  kRateLimitEnforced,
  // Linkerd.
  kLinkerdRequests,
  kLinkerdResponses,
  kLinkerdLatency,
  // Our own.
  kSeriesOverflow,
};

struct Metric {
  MetricId id;
  std::string_view name;  ///< may contain kStatPrefix, to be filled with the first label's value
  MetricType type;
  MetricMesh mesh;
  std::span<const std::string_view> labels;  ///< in the order of values passed to the Registry
  std::string_view help;
  std::span<const double> bounds = {};  ///< histograms: upper bounds, without +Inf

  bool name_has_prefix() const;
};

inline constexpr std::string_view kStatPrefix = "<stat_prefix>";

std::span<const Metric> metric_table();
const Metric& metric(MetricId);
/// The name as Prometheus knows it. `stat_prefix` fills the place in rate limit names; other names ignore it.
std::string metric_name(MetricId, std::string_view stat_prefix = "http_local_rate_limiter");

}  // namespace marty::telemetry
