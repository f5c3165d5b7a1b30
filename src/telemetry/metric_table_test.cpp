#include "telemetry/metric_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "telemetry/histogram.hpp"

namespace marty::telemetry {
namespace {

bool is_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789") == name.npos &&
         !(name[0] >= '0' && name[0] <= '9');
}

TEST(MetricTable, NamesAndLabelsAreValidEverywhere) {
  for (const auto& row : metric_table()) {
    EXPECT_TRUE(is_name(metric_name(row.id))) << row.name;
    std::set<std::string_view> labels(row.labels.begin(), row.labels.end());
    EXPECT_EQ(labels.size(), row.labels.size()) << row.name;
    for (const auto label : labels)
      EXPECT_TRUE(is_name(label) && label != "le" && label != "pod") << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_EQ(row.help.find_first_of("\n\\"), row.help.npos) << row.name;
    EXPECT_EQ(row.type == MetricType::kHistogram, !row.bounds.empty()) << row.name;
    EXPECT_LE(row.bounds.size(), Histogram::kBoundsMax) << row.name;
    EXPECT_TRUE(std::is_sorted(row.bounds.begin(), row.bounds.end())) << row.name;
    EXPECT_TRUE(!row.name_has_prefix() || row.labels.size() == 1) << row.name;
  }
}

// Two rows may share a name (Envoy's upstream_rq by code and by class) if they agree on what is said once.
TEST(MetricTable, RowsThatShareANameAgree) {
  std::map<std::string_view, const Metric*> seen;
  for (const auto& row : metric_table()) {
    const auto [it, fresh] = seen.emplace(row.name, &row);
    if (fresh) continue;
    EXPECT_EQ(it->second->type, row.type) << row.name;
    EXPECT_EQ(it->second->help, row.help) << row.name;
    EXPECT_FALSE(std::equal(row.labels.begin(), row.labels.end(), it->second->labels.begin(),
                            it->second->labels.end()));
  }
}

TEST(MetricTable, IstioLabelsInIstiosOrder) {
  const auto& labels = metric(MetricId::kRequests).labels;
  ASSERT_EQ(labels.size(), 25u);
  EXPECT_EQ(labels.front(), "reporter");
  EXPECT_EQ(labels[9], "destination_workload");
  EXPECT_EQ(labels[21], "response_code");
  EXPECT_EQ(labels.back(), "connection_security_policy");
  for (const auto id : {MetricId::kRequestDuration, MetricId::kRequestBytes, MetricId::kResponseBytes})
    EXPECT_EQ(metric(id).labels.data(), labels.data());
}

TEST(MetricTable, StatPrefixIsPartOfTheName) {
  EXPECT_EQ(metric_name(MetricId::kRateLimitOk), "envoy_http_local_rate_limiter_http_local_rate_limit_ok");
  EXPECT_EQ(metric_name(MetricId::kRateLimitEnforced, "a.b-c"), "envoy_a_b_c_http_local_rate_limit_enforced");
  EXPECT_EQ(metric_name(MetricId::kRbac, "x"), "envoy_http_rbac");
}

// Names as the meshes spell them, written here a second time: rules and dashboards are made from the table,
// and their tests would follow a wrong row.
TEST(MetricTable, WhatAlertsReadIsSpelledAsTheMeshesDo) {
  for (const char* name :
       {"istio_requests_total", "istio_request_duration_milliseconds_bucket",
        "envoy_cluster_upstream_rq_retry", "envoy_cluster_circuit_breakers_default_cx_open",
        "envoy_cluster_circuit_breakers_default_rq_open",
        "envoy_cluster_circuit_breakers_default_rq_pending_open",
        "envoy_cluster_outlier_detection_ejections_active",
        "envoy_http_local_rate_limiter_http_local_rate_limit_enforced"})
    EXPECT_TRUE(find_metric(name, MetricMesh::kIstio).row) << name;
  for (const char* name :
       {"response_total", "response_latency_ms_bucket", "outbound_http_route_request_statuses_total",
        "outbound_http_route_retry_requests_total", "outbound_http_balancer_endpoints",
        "route_response_total", "route_request_total", "route_actual_request_total",
        "inbound_http_local_ratelimit_total"})
    EXPECT_TRUE(find_metric(name, MetricMesh::kLinkerd).row) << name;
}

TEST(MetricTable, NamesAreFoundInTheirMeshOnly) {
  constexpr auto kI = MetricMesh::kIstio, kL = MetricMesh::kLinkerd;
  EXPECT_FALSE(find_metric("istio_request_total", kI).row);
  EXPECT_FALSE(find_metric("istio_requests_total", kL).row);
  EXPECT_FALSE(find_metric("response_total", kI).row);
  EXPECT_EQ(find_metric("istio_request_bytes_sum", kI).part, "sum");
  EXPECT_FALSE(find_metric("istio_request_bytes", kI).row);
  EXPECT_FALSE(find_metric("istio_requests_total_bucket", kI).row);
  EXPECT_FALSE(find_metric("envoy_http_local_rate_limit_ok", kI).row);
  EXPECT_EQ(find_metric("envoy_mine_http_local_rate_limit_ok", kI).row->id, MetricId::kRateLimitOk);
}

TEST(MetricTable, LabelsByMetricAndScrape) {
  constexpr auto kI = MetricMesh::kIstio, kL = MetricMesh::kLinkerd;
  EXPECT_TRUE(may_carry("istio_requests_total", kI, "response_code"));
  EXPECT_FALSE(may_carry("istio_requests_total", kI, "status_code"));
  EXPECT_TRUE(may_carry("response_total", kL, "status_code"));
  EXPECT_FALSE(may_carry("response_total", kL, "response_code"));
  EXPECT_TRUE(may_carry("response_total", kL, "pod"));
  EXPECT_TRUE(may_carry("response_latency_ms_bucket", kL, "le"));
  EXPECT_FALSE(may_carry("response_latency_ms_sum", kL, "le"));
  EXPECT_FALSE(may_carry("istio_tcp_sent_bytes_total", kI, "response_code"));
  EXPECT_TRUE(may_carry("envoy_cluster_upstream_rq", kI, "response_code"));
  EXPECT_TRUE(may_carry("envoy_cluster_upstream_rq", kI, "response_code_class"));
  EXPECT_FALSE(may_carry("envoy_a_http_local_rate_limit_ok", kI, "stat_prefix"));
  EXPECT_FALSE(may_carry("no_such_metric", kI, "pod"));
}

TEST(MetricTable, UnitsAndWhatEnvoyHides) {
  EXPECT_EQ(metric(MetricId::kRequestDuration).unit(), "milliseconds");
  EXPECT_EQ(metric(MetricId::kLinkerdLatency).unit(), "milliseconds");
  EXPECT_EQ(metric(MetricId::kLinkerdRouteDuration).unit(), "seconds");
  EXPECT_EQ(metric(MetricId::kTcpSentBytes).unit(), "bytes");
  EXPECT_EQ(metric(MetricId::kRequests).unit(), "");
  EXPECT_EQ(metric(MetricId::kRequests).stats_inclusion(), "");
  EXPECT_EQ(metric(MetricId::kRbac).stats_inclusion(), "");
  EXPECT_EQ(metric(MetricId::kLinkerdRequests).stats_inclusion(), "");
  EXPECT_EQ(metric(MetricId::kEjectionsActive).stats_inclusion(), ".*outlier_detection.*");
  EXPECT_EQ(metric(MetricId::kBreakerCxOpen).stats_inclusion(), ".*circuit_breakers.*");
  EXPECT_EQ(metric(MetricId::kUpstreamRqRetryOverflow).stats_inclusion(), ".*upstream_rq_retry.*");
  EXPECT_EQ(metric(MetricId::kRateLimitEnforced).stats_inclusion(), ".*http_local_rate_limit.*");
  EXPECT_EQ(metric(MetricId::kUpstreamRqPendingOverflow).stats_inclusion(),
            ".*upstream_rq_pending_overflow.*");
  EXPECT_EQ(metric(MetricId::kFaultAborts).stats_inclusion(), ".*fault.*");
}

}  // namespace
}  // namespace marty::telemetry
