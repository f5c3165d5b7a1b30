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

}  // namespace
}  // namespace marty::telemetry
