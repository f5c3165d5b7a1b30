#include "telemetry/metric_table.hpp"

#include <array>

#include "core/assert.hpp"

namespace marty::telemetry {
namespace {

using enum MetricId;
constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;
constexpr auto kHistogram = MetricType::kHistogram;
constexpr auto kIstio = MetricMesh::kIstio;
constexpr auto kLinkerd = MetricMesh::kLinkerd;

constexpr std::string_view kIstioLabels[] = {"reporter",
                                             "source_workload",
                                             "source_canonical_service",
                                             "source_canonical_revision",
                                             "source_workload_namespace",
                                             "source_principal",
                                             "source_app",
                                             "source_version",
                                             "source_cluster",
                                             "destination_workload",
                                             "destination_workload_namespace",
                                             "destination_principal",
                                             "destination_app",
                                             "destination_version",
                                             "destination_service",
                                             "destination_canonical_service",
                                             "destination_canonical_revision",
                                             "destination_service_name",
                                             "destination_service_namespace",
                                             "destination_cluster",
                                             "request_protocol",
                                             "response_code",
                                             "grpc_response_status",
                                             "response_flags",
                                             "connection_security_policy"};
constexpr std::string_view kBuild[] = {"component", "tag"};
constexpr std::string_view kCluster[] = {"cluster_name"};
constexpr std::string_view kClusterCode[] = {"cluster_name", "response_code"};
constexpr std::string_view kClusterClass[] = {"cluster_name", "response_code_class"};
constexpr std::string_view kListener[] = {"http_conn_manager_prefix"};
constexpr std::string_view kListenerClass[] = {"http_conn_manager_prefix", "response_code_class"};
constexpr std::string_view kRbacLabels[] = {"http_conn_manager_prefix", "authz_enforce_result"};
constexpr std::string_view kRateLimit[] = {"stat_prefix"};
constexpr std::string_view kLinkerdRequest[] = {"direction", "authority", "tls"};
constexpr std::string_view kLinkerdResponse[] = {"direction", "authority", "tls", "status_code",
                                                 "classification"};
constexpr std::string_view kLinkerdTime[] = {"direction", "authority", "tls", "status_code"};

constexpr double kEnvoyBounds[] = {0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
                                   2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};
constexpr double kLinkerdBounds[] = {1,    2,    3,     4,     5,     10,    20,   30,   40,
                                     50,   100,  200,   300,   400,   500,   1000, 2000, 3000,
                                     4000, 5000, 10000, 20000, 30000, 40000, 50000};

constexpr Metric kMetrics[] = {
    {kRequests, "istio_requests_total", kCounter, kIstio, kIstioLabels,
     "Requests that ended, as this sidecar saw them"},
    {kRequestDuration, "istio_request_duration_milliseconds", kHistogram, kIstio, kIstioLabels,
     "Time from the first byte of a request to the last of its response", kEnvoyBounds},
    {kRequestBytes, "istio_request_bytes", kHistogram, kIstio, kIstioLabels,
     "Bytes of requests, head and body", kEnvoyBounds},
    {kResponseBytes, "istio_response_bytes", kHistogram, kIstio, kIstioLabels,
     "Bytes of responses, head and body", kEnvoyBounds},
    {kIstioBuild, "istio_build", kGauge, kIstio, kBuild, "Version of the sidecar"},
    {kUpstreamRqTotal, "envoy_cluster_upstream_rq_total", kCounter, kIstio, kCluster,
     "Tries sent to the cluster, retries included"},
    {kUpstreamRqActive, "envoy_cluster_upstream_rq_active", kGauge, kIstio, kCluster, "Tries in flight"},
    {kUpstreamRqPendingActive, "envoy_cluster_upstream_rq_pending_active", kGauge, kIstio, kCluster,
     "Requests that wait for a connection"},
    {kUpstreamRqByCode, "envoy_cluster_upstream_rq", kCounter, kIstio, kClusterCode,
     "Responses of the cluster"},
    {kUpstreamRqByClass, "envoy_cluster_upstream_rq", kCounter, kIstio, kClusterClass,
     "Responses of the cluster"},
    {kUpstreamRqRetry, "envoy_cluster_upstream_rq_retry", kCounter, kIstio, kCluster, "Retries sent"},
    {kUpstreamRqRetrySuccess, "envoy_cluster_upstream_rq_retry_success", kCounter, kIstio, kCluster,
     "Retries whose answer needed no further retry"},
    {kUpstreamRqRetryOverflow, "envoy_cluster_upstream_rq_retry_overflow", kCounter, kIstio, kCluster,
     "Retries not sent because maxRetries were under way"},
    {kUpstreamRqRetryLimitExceeded, "envoy_cluster_upstream_rq_retry_limit_exceeded", kCounter, kIstio,
     kCluster, "Calls that used up their retries"},
    {kUpstreamRqRetryBackoffExponential, "envoy_cluster_upstream_rq_retry_backoff_exponential", kCounter,
     kIstio, kCluster, "Retries sent after an exponential wait"},
    {kUpstreamRqTimeout, "envoy_cluster_upstream_rq_timeout", kCounter, kIstio, kCluster,
     "Calls ended by the route's timeout"},
    {kUpstreamRqPerTryTimeout, "envoy_cluster_upstream_rq_per_try_timeout", kCounter, kIstio, kCluster,
     "Tries ended by perTryTimeout"},
    {kUpstreamRqPendingOverflow, "envoy_cluster_upstream_rq_pending_overflow", kCounter, kIstio, kCluster,
     "Requests refused because http1MaxPendingRequests were waiting"},
    {kUpstreamRqActiveOverflow, "envoy_cluster_upstream_rq_active_overflow", kCounter, kIstio, kCluster,
     "Requests refused because http2MaxRequests were in flight"},
    {kUpstreamCxTotal, "envoy_cluster_upstream_cx_total", kCounter, kIstio, kCluster,
     "Connections opened to the cluster"},
    {kUpstreamCxActive, "envoy_cluster_upstream_cx_active", kGauge, kIstio, kCluster, "Connections open"},
    {kUpstreamCxConnectFail, "envoy_cluster_upstream_cx_connect_fail", kCounter, kIstio, kCluster,
     "Connections that failed to open"},
    {kUpstreamCxOverflow, "envoy_cluster_upstream_cx_overflow", kCounter, kIstio, kCluster,
     "Times maxConnections kept a connection from being opened"},
    {kBreakerCxOpen, "envoy_cluster_circuit_breakers_default_cx_open", kGauge, kIstio, kCluster,
     "1 while maxConnections is reached"},
    {kBreakerRqOpen, "envoy_cluster_circuit_breakers_default_rq_open", kGauge, kIstio, kCluster,
     "1 while http2MaxRequests is reached"},
    {kBreakerRqPendingOpen, "envoy_cluster_circuit_breakers_default_rq_pending_open", kGauge, kIstio,
     kCluster, "1 while http1MaxPendingRequests is reached"},
    {kBreakerRqRetryOpen, "envoy_cluster_circuit_breakers_default_rq_retry_open", kGauge, kIstio, kCluster,
     "1 while maxRetries is reached"},
    {kEjectionsActive, "envoy_cluster_outlier_detection_ejections_active", kGauge, kIstio, kCluster,
     "Endpoints ejected now"},
    {kEjectionsEnforcedTotal, "envoy_cluster_outlier_detection_ejections_enforced_total", kCounter, kIstio,
     kCluster, "Ejections, whatever the cause"},
    {kEjectionsEnforced5xx, "envoy_cluster_outlier_detection_ejections_enforced_consecutive_5xx", kCounter,
     kIstio, kCluster, "Ejections for consecutive 5xx answers"},
    {kEjectionsEnforcedGateway,
     "envoy_cluster_outlier_detection_ejections_enforced_consecutive_gateway_failure", kCounter, kIstio,
     kCluster, "Ejections for consecutive 502, 503 or 504 answers"},
    {kEjectionsEnforcedLocalOrigin,
     "envoy_cluster_outlier_detection_ejections_enforced_consecutive_local_origin_failure", kCounter, kIstio,
     kCluster, "Ejections for consecutive failures to connect or in time"},
    {kEjectionsDetected5xx, "envoy_cluster_outlier_detection_ejections_detected_consecutive_5xx", kCounter,
     kIstio, kCluster, "Times consecutive 5xx reached its threshold, ejected or not"},
    {kEjectionsDetectedGateway,
     "envoy_cluster_outlier_detection_ejections_detected_consecutive_gateway_failure", kCounter, kIstio,
     kCluster, "Times consecutive gateway errors reached their threshold, ejected or not"},
    {kEjectionsDetectedLocalOrigin,
     "envoy_cluster_outlier_detection_ejections_detected_consecutive_local_origin_failure", kCounter, kIstio,
     kCluster, "Times consecutive local failures reached their threshold, ejected or not"},
    {kEjectionsOverflow, "envoy_cluster_outlier_detection_ejections_overflow", kCounter, kIstio, kCluster,
     "Ejections not made because of maxEjectionPercent"},
    {kMembershipTotal, "envoy_cluster_membership_total", kGauge, kIstio, kCluster,
     "Endpoints of the cluster"},
    {kMembershipHealthy, "envoy_cluster_membership_healthy", kGauge, kIstio, kCluster,
     "Endpoints that are not ejected"},
    {kLbHealthyPanic, "envoy_cluster_lb_healthy_panic", kCounter, kIstio, kCluster,
     "Picks among all endpoints because too few were healthy"},
    {kDownstreamRqTotal, "envoy_http_downstream_rq_total", kCounter, kIstio, kListener, "Requests received"},
    {kDownstreamRqByClass, "envoy_http_downstream_rq", kCounter, kIstio, kListenerClass, "Responses sent"},
    {kFaultAborts, "envoy_http_fault_aborts_injected", kCounter, kIstio, kListener,
     "Requests aborted on purpose"},
    {kFaultDelays, "envoy_http_fault_delays_injected", kCounter, kIstio, kListener,
     "Requests delayed on purpose"},
    {kFaultActive, "envoy_http_fault_active_faults", kGauge, kIstio, kListener,
     "Requests held by an injected delay now"},
    {kRbac, "envoy_http_rbac", kCounter, kIstio, kRbacLabels, "Authorization decisions"},
    {kRateLimitEnabled, "envoy_<stat_prefix>_http_local_rate_limit_enabled", kCounter, kIstio, kRateLimit,
     "Requests the local rate limit looked at"},
    {kRateLimitOk, "envoy_<stat_prefix>_http_local_rate_limit_ok", kCounter, kIstio, kRateLimit,
     "Requests that took a token"},
    {kRateLimitRateLimited, "envoy_<stat_prefix>_http_local_rate_limit_rate_limited", kCounter, kIstio,
     kRateLimit, "Requests that found no token"},
    {kRateLimitEnforced, "envoy_<stat_prefix>_http_local_rate_limit_enforced", kCounter, kIstio, kRateLimit,
     "Requests refused for want of a token"},
    {kLinkerdRequests, "request_total", kCounter, kLinkerd, kLinkerdRequest, "Requests received"},
    {kLinkerdResponses, "response_total", kCounter, kLinkerd, kLinkerdResponse, "Responses that ended"},
    {kLinkerdLatency, "response_latency_ms", kHistogram, kLinkerd, kLinkerdTime,
     "Time to the first byte of a response body", kLinkerdBounds},
    {kSeriesOverflow,
     "marty_metric_series_overflow_total",
     kCounter,
     MetricMesh::kMarty,
     {},
     "Lookups that ended in a metric's overflow series because the table of series is full"},
};

constexpr bool ordered() {
  for (std::size_t i = 0; i < std::size(kMetrics); ++i)
    if (static_cast<std::size_t>(kMetrics[i].id) != i) return false;
  return std::size(kMetrics) == static_cast<std::size_t>(kSeriesOverflow) + 1;
}
static_assert(ordered(), "metric() indexes the table by id");

}  // namespace

bool Metric::name_has_prefix() const { return name.find(kStatPrefix) != name.npos; }

std::span<const Metric> metric_table() { return kMetrics; }

const Metric& metric(MetricId id) {
  const auto index = static_cast<std::size_t>(id);
  MARTY_ASSERT(index < std::size(kMetrics));
  return kMetrics[index];
}

std::string metric_name(MetricId id, std::string_view stat_prefix) {
  std::string name(metric(id).name);
  if (const auto at = name.find(kStatPrefix); at != name.npos) {
    name.replace(at, kStatPrefix.size(), stat_prefix);
    // Envoy maps what Prometheus does not allow in a name to "_".
    for (char& c : name) {
      const bool allowed =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':';
      if (!allowed) c = '_';
    }
  }
  return name;
}

}  // namespace marty::telemetry
