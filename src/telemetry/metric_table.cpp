#include "telemetry/metric_table.hpp"

#include <algorithm>
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

/// One list of labels made of several.
template <std::size_t... N>
constexpr auto joined(const std::string_view (&... parts)[N]) {
  std::array<std::string_view, (N + ...)> all;
  auto* end = all.data();
  ((end = std::copy(parts, parts + N, end)), ...);
  return all;
}

constexpr std::string_view kWho[] = {"reporter",
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
                                     "request_protocol"};
constexpr std::string_view kCodes[] = {"response_code", "grpc_response_status"};
constexpr std::string_view kFlags[] = {"response_flags", "connection_security_policy"};
constexpr auto kIstioLabels = joined(kWho, kCodes, kFlags);
constexpr auto kTcpLabels = joined(kWho, kFlags);
constexpr std::string_view kBuild[] = {"component", "tag"};
constexpr std::string_view kCluster[] = {"cluster_name"};
constexpr std::string_view kClusterCode[] = {"cluster_name", "response_code"};
constexpr std::string_view kClusterClass[] = {"cluster_name", "response_code_class"};
constexpr std::string_view kListener[] = {"http_conn_manager_prefix"};
constexpr std::string_view kListenerClass[] = {"http_conn_manager_prefix", "response_code_class"};
constexpr std::string_view kRbacLabels[] = {"http_conn_manager_prefix", "authz_enforce_result"};
constexpr std::string_view kRateLimit[] = {"stat_prefix"};
// Linkerd writes a label only where it has a value: those of the server's side (srv_, route_, authz_,
// client_id) inbound, those of discovery (dst_, server_id) outbound. An empty label and an absent one are the
// same.
constexpr std::string_view kTarget[] = {"direction",   "authority", "target_addr",  "target_ip",
                                        "target_port", "tls",       "no_tls_reason"};
constexpr std::string_view kServer[] = {"srv_group", "srv_kind", "srv_name", "srv_port"};
constexpr std::string_view kRoute[] = {"route_group", "route_kind", "route_name"};
constexpr std::string_view kClient[] = {"client_id"};
constexpr std::string_view kAuthz[] = {"authz_group", "authz_kind", "authz_name"};
constexpr std::string_view kDiscovery[] = {"server_id", "dst_namespace",  "dst_service",
                                           "dst_pod",   "dst_deployment", "dst_serviceaccount"};
constexpr std::string_view kStatus[] = {"status_code"};
constexpr std::string_view kOutcome[] = {"status_code", "classification", "grpc_status", "error"};
constexpr std::string_view kParent[] = {"parent_group", "parent_kind", "parent_namespace",
                                        "parent_name",  "parent_port", "parent_section_name"};
constexpr std::string_view kBackend[] = {"backend_group", "backend_kind", "backend_namespace",
                                         "backend_name",  "backend_port", "backend_section_name"};
constexpr std::string_view kRouteNamespace[] = {"route_namespace"};
constexpr std::string_view kHostname[] = {"hostname"};
constexpr std::string_view kHttpStatus[] = {"http_status", "error"};
constexpr std::string_view kPeer[] = {"peer"}, kErrno[] = {"errno"}, kState[] = {"endpoint_state"};
constexpr std::string_view kOutboundError[] = {"error"};
constexpr std::string_view kProfileRoute[] = {"direction", "dst", "rt_route"};
constexpr std::string_view kSkipped[] = {"skipped"};
constexpr std::string_view kLimitOf[] = {"ratelimit_group", "ratelimit_kind", "ratelimit_name",
                                         "ratelimit_scope"};
constexpr std::string_view kErrorOf[] = {"error", "target_addr", "target_ip", "target_port"};

constexpr auto kLinkerdRequest = joined(kTarget, kClient, kServer, kRoute, kAuthz, kDiscovery);
constexpr auto kLinkerdResponse = joined(kTarget, kClient, kServer, kRoute, kAuthz, kDiscovery, kOutcome);
constexpr auto kLinkerdTime = joined(kTarget, kClient, kServer, kRoute, kAuthz, kDiscovery, kStatus);
constexpr auto kLinkerdTcp = joined(kTarget, kClient, kServer, kRoute, kAuthz, kDiscovery, kPeer);
constexpr auto kLinkerdTcpEnd = joined(kTarget, kClient, kServer, kRoute, kAuthz, kDiscovery, kPeer, kErrno);
constexpr auto kLinkerdAllow = joined(kTarget, kClient, kServer, kRoute, kAuthz);
constexpr auto kLinkerdDeny = joined(kTarget, kClient, kServer, kRoute);
constexpr auto kLinkerdNoRoute = joined(kTarget, kClient, kServer);
constexpr auto kLinkerdLimit = joined(kServer, kLimitOf);
constexpr auto kLinkerdError = joined(kErrorOf, kServer);
constexpr auto kPolicyRoute = joined(kParent, kRoute, kRouteNamespace);
constexpr auto kPolicyDuration = joined(kParent, kRoute, kRouteNamespace, kHostname);
constexpr auto kPolicyStatuses = joined(kParent, kRoute, kRouteNamespace, kHostname, kHttpStatus);
constexpr auto kPolicyBackend = joined(kParent, kRoute, kRouteNamespace, kBackend);
constexpr auto kBackendStatuses = joined(kParent, kRoute, kRouteNamespace, kBackend, kHttpStatus);
constexpr auto kBalancer = joined(kParent, kBackend);
constexpr auto kEndpoints = joined(kState, kParent, kBackend);
constexpr auto kProfileResponse = joined(kProfileRoute, kOutcome);
constexpr auto kProfileTime = joined(kProfileRoute, kStatus);
constexpr auto kProfileSkipped = joined(kProfileRoute, kSkipped);

constexpr double kEnvoyBounds[] = {0.5,  1,    5,     10,    25,    50,     100,    250,     500,    1000,
                                   2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};
constexpr double kLinkerdBounds[] = {1,    2,    3,     4,     5,     10,    20,   30,   40,
                                     50,   100,  200,   300,   400,   500,   1000, 2000, 3000,
                                     4000, 5000, 10000, 20000, 30000, 40000, 50000};
constexpr double kRouteBounds[] = {0.05, 0.5, 1, 10};
constexpr double kBackendBounds[] = {0.025, 0.05, 0.1, 0.25, 0.5, 1, 10};

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
    {kRequestMessages, "istio_request_messages_total", kCounter, kIstio, kIstioLabels,
     "gRPC messages of requests"},
    {kResponseMessages, "istio_response_messages_total", kCounter, kIstio, kIstioLabels,
     "gRPC messages of responses"},
    {kTcpOpened, "istio_tcp_connections_opened_total", kCounter, kIstio, kTcpLabels, "Connections opened"},
    {kTcpClosed, "istio_tcp_connections_closed_total", kCounter, kIstio, kTcpLabels, "Connections closed"},
    {kTcpSentBytes, "istio_tcp_sent_bytes_total", kCounter, kIstio, kTcpLabels, "Bytes sent to clients"},
    {kTcpReceivedBytes, "istio_tcp_received_bytes_total", kCounter, kIstio, kTcpLabels,
     "Bytes received from clients"},
    {kLinkerdRequests, "request_total", kCounter, kLinkerd, kLinkerdRequest, "Requests received"},
    {kLinkerdResponses, "response_total", kCounter, kLinkerd, kLinkerdResponse, "Responses that ended"},
    {kLinkerdLatency, "response_latency_ms", kHistogram, kLinkerd, kLinkerdTime,
     "Time to the first byte of a response body", kLinkerdBounds},
    {kLinkerdAuthzAllow, "inbound_http_authz_allow_total", kCounter, kLinkerd, kLinkerdAllow,
     "Requests that a policy allowed"},
    {kLinkerdAuthzDeny, "inbound_http_authz_deny_total", kCounter, kLinkerd, kLinkerdDeny,
     "Requests that no policy allowed"},
    {kLinkerdRouteNotFound, "inbound_http_route_not_found_total", kCounter, kLinkerd, kLinkerdNoRoute,
     "Requests that no route of their Server matched"},
    {kLinkerdRateLimited, "inbound_http_local_ratelimit_total", kCounter, kLinkerd, kLinkerdLimit,
     "Requests refused by a rate limit"},
    {kLinkerdInboundErrors, "inbound_http_errors_total", kCounter, kLinkerd, kLinkerdError,
     "Requests that the server's proxy failed itself"},
    {kLinkerdOutboundErrors, "outbound_http_errors_total", kCounter, kLinkerd, kOutboundError,
     "Requests that the caller's proxy failed itself"},
    {kLinkerdRouteStatuses, "outbound_http_route_request_statuses_total", kCounter, kLinkerd, kPolicyStatuses,
     "Answers as the calling application got them, retries done"},
    {kLinkerdRouteDuration, "outbound_http_route_request_duration_seconds", kHistogram, kLinkerd,
     kPolicyDuration, "Time of a request, retries included", kRouteBounds},
    {kLinkerdBackendRequests, "outbound_http_route_backend_requests_total", kCounter, kLinkerd,
     kPolicyBackend, "Tries sent to a backend"},
    {kLinkerdBackendStatuses, "outbound_http_route_backend_response_statuses_total", kCounter, kLinkerd,
     kBackendStatuses, "Answers of a backend to single tries"},
    {kLinkerdBackendDuration, "outbound_http_route_backend_response_duration_seconds", kHistogram, kLinkerd,
     kPolicyBackend, "Time of single tries", kBackendBounds},
    {kLinkerdRetryRequests, "outbound_http_route_retry_requests_total", kCounter, kLinkerd, kPolicyRoute,
     "Retries sent"},
    {kLinkerdRetrySuccesses, "outbound_http_route_retry_successes_total", kCounter, kLinkerd, kPolicyRoute,
     "Retries that succeeded"},
    {kLinkerdRetryLimitExceeded, "outbound_http_route_retry_limit_exceeded_total", kCounter, kLinkerd,
     kPolicyRoute, "Requests that used up their retries"},
    {kLinkerdRetryOverflow, "outbound_http_route_retry_overflow_total", kCounter, kLinkerd, kPolicyRoute,
     "Retries not sent because too many were under way"},
    {kLinkerdBalancerEndpoints, "outbound_http_balancer_endpoints", kGauge, kLinkerd, kEndpoints,
     "Endpoints of a balancer; pending: connecting, or left out by failure accrual"},
    {kLinkerdBalancerQueueLength, "outbound_http_balancer_queue_length", kGauge, kLinkerd, kBalancer,
     "Requests that wait for an endpoint"},
    {kProfileRequests, "route_request_total", kCounter, kLinkerd, kProfileRoute,
     "Requests of a ServiceProfile's route, retries done"},
    {kProfileResponses, "route_response_total", kCounter, kLinkerd, kProfileResponse,
     "Answers as the calling application got them, retries done"},
    {kProfileLatency, "route_response_latency_ms", kHistogram, kLinkerd, kProfileTime,
     "Time to the first byte of a response body, retries included", kLinkerdBounds},
    {kProfileActualRequests, "route_actual_request_total", kCounter, kLinkerd, kProfileRoute, "Tries sent"},
    {kProfileActualResponses, "route_actual_response_total", kCounter, kLinkerd, kProfileResponse,
     "Answers to single tries"},
    {kProfileRetryable, "route_retryable_total", kCounter, kLinkerd, kProfileSkipped,
     "Answers that may be retried; with skipped: were not, for want of budget"},
    {kLinkerdTcpOpen, "tcp_open_total", kCounter, kLinkerd, kLinkerdTcp, "Connections opened"},
    {kLinkerdTcpOpenNow, "tcp_open_connections", kGauge, kLinkerd, kLinkerdTcp, "Connections open"},
    {kLinkerdTcpReadBytes, "tcp_read_bytes_total", kCounter, kLinkerd, kLinkerdTcp, "Bytes read from peers"},
    {kLinkerdTcpWriteBytes, "tcp_write_bytes_total", kCounter, kLinkerd, kLinkerdTcp,
     "Bytes written to peers"},
    {kLinkerdTcpClose, "tcp_close_total", kCounter, kLinkerd, kLinkerdTcpEnd, "Connections closed"},
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

std::span<const Metric> metric_table() { return kMetrics; }

const Metric& metric(MetricId id) {
  const auto index = static_cast<std::size_t>(id);
  MARTY_ASSERT(index < std::size(kMetrics));
  return kMetrics[index];
}

}  // namespace marty::telemetry
