#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace marty::telemetry {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
enum class MetricMesh : std::uint8_t { kIstio, kLinkerd, kMarty };

/// Every metric there is, in the order of `metric_table()`: what our sidecars write, and what only the real
/// meshes export, so that rules, dashboards and checks of them have one source.
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
  // Istio's, only where the real mesh carries gRPC or plain TCP.
  kRequestMessages,
  kResponseMessages,
  kTcpOpened,
  kTcpClosed,
  kTcpSentBytes,
  kTcpReceivedBytes,
  // Linkerd, both directions.
  kLinkerdRequests,
  kLinkerdResponses,
  kLinkerdLatency,
  // Linkerd inbound: what the server's proxy refused or let through.
  kLinkerdAuthzAllow,
  kLinkerdAuthzDeny,
  kLinkerdRouteNotFound,
  kLinkerdRateLimited,
  kLinkerdInboundErrors,
  // Linkerd outbound, by policy route (HTTPRoute, or the default one).
  kLinkerdOutboundErrors,
  kLinkerdRouteStatuses,
  kLinkerdRouteDuration,
  kLinkerdBackendRequests,
  kLinkerdBackendStatuses,
  kLinkerdBackendDuration,
  kLinkerdRetryRequests,
  kLinkerdRetrySuccesses,
  kLinkerdRetryLimitExceeded,
  kLinkerdRetryOverflow,
  kLinkerdBalancerEndpoints,
  kLinkerdBalancerQueueLength,
  // Linkerd outbound, by route of a ServiceProfile.
  kProfileRequests,
  kProfileResponses,
  kProfileLatency,
  kProfileActualRequests,
  kProfileActualResponses,
  kProfileRetryable,
  // Linkerd connections.
  kLinkerdTcpOpen,
  kLinkerdTcpOpenNow,
  kLinkerdTcpReadBytes,
  kLinkerdTcpWriteBytes,
  kLinkerdTcpClose,
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
  /// "milliseconds", "seconds", "bytes", or "" for a plain number; Prometheus names carry it.
  std::string_view unit() const;
  bool has_label(std::string_view label) const;
  /// The regexp for Istio's proxyStatsMatcher without which Envoy does not even make the statistic; "" when
  /// it is exported by default. It is matched against native names
  /// ("cluster.….outlier_detection.ejections_active").
  std::string stats_inclusion() const;
};

inline constexpr std::string_view kStatPrefix = "<stat_prefix>";
/// Of the rate limits that marty generates.
inline constexpr std::string_view kDefaultStatPrefix = "http_local_rate_limiter";

std::span<const Metric> metric_table();
const Metric& metric(MetricId);
/// The name as Prometheus knows it. `stat_prefix` fills the place in rate limit names; other names ignore it.
std::string metric_name(MetricId, std::string_view stat_prefix = kDefaultStatPrefix);

/// A name as it stands in a query: its row, and which of a histogram's series it is.
struct MetricName {
  const Metric* row = nullptr;  ///< nullptr: that mesh exports no such metric
  std::string_view part;        ///< "bucket", "sum", "count"; "" when the type is no histogram
};
/// Looks `name` up among the metrics of a mesh. A histogram is found only by its parts, as nothing is stored
/// under its bare name. Of rows that share a name the first.
MetricName find_metric(std::string_view name, MetricMesh);
/// Whether a series of that name may carry `label`: of any row with the name, `le` of buckets, and what a
/// scrape adds (target_labels).
bool may_carry(std::string_view name, MetricMesh, std::string_view label);
/// Labels that Prometheus adds to whatever it scrapes from a pod.
std::span<const std::string_view> target_labels();

}  // namespace marty::telemetry
