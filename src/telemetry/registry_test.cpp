#include "telemetry/registry.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <limits>
#include <set>
#include <string>
#include <vector>

namespace marty::telemetry {
namespace {

using Values = std::vector<std::string_view>;
constexpr std::string_view kEcho[] = {"outbound|8080||echo"};

Values istio_values(std::string_view code) {
  Values values(metric(MetricId::kRequests).labels.size(), "unknown");
  values[21] = code;
  return values;
}

TEST(Registry, SameLabelsSameSeries) {
  Registry registry;
  auto& first = registry.counter(MetricId::kRequests, istio_values("200"));
  first += 3;
  EXPECT_EQ(&registry.counter(MetricId::kRequests, istio_values("200")), &first);
  EXPECT_NE(&registry.counter(MetricId::kRequests, istio_values("503")), &first);
  EXPECT_NE(&registry.counter(MetricId::kUpstreamRqTotal, kEcho), &first);
  EXPECT_EQ(registry.series(), 3u);
}

TEST(Registry, ValuesCannotRunIntoEachOther) {
  Registry registry;
  const auto at = [&](std::string_view a, std::string_view b) {
    return &registry.counter(MetricId::kUpstreamRqByCode, Values{a, b});
  };
  const std::set<std::uint64_t*> different{at("ab", "c"), at("a", "bc"), at("abc", ""), at("", "abc"),
                                           at("", "")};
  EXPECT_EQ(different.size(), 5u);
}

TEST(Registry, ReferencesStayWhileThousandsAreAdded) {
  Registry registry;
  auto& first = registry.counter(MetricId::kUpstreamRqTotal, kEcho);
  first = 42;
  std::vector<std::string> names;
  for (int i = 0; i < 9000; ++i) names.push_back("cluster-" + std::to_string(i));
  for (const auto& name : names) registry.counter(MetricId::kUpstreamRqTotal, Values{name}) = 1;
  EXPECT_EQ(&registry.counter(MetricId::kUpstreamRqTotal, kEcho), &first);
  EXPECT_EQ(first, 42u);
  for (const auto& name : names) ASSERT_EQ(registry.counter(MetricId::kUpstreamRqTotal, Values{name}), 1u);
  EXPECT_EQ(registry.series(), 9001u);
}

TEST(Registry, BeyondTheLimitEverythingIsOneSeries) {
  Registry registry(2);
  registry.counter(MetricId::kUpstreamRqTotal, Values{"a"}) = 1;
  registry.counter(MetricId::kUpstreamRqTotal, Values{"b"}) = 1;
  for (int i = 0; i < 100; ++i) {
    ++registry.counter(MetricId::kUpstreamRqTotal, Values{"c" + std::to_string(i)});
    registry.histogram(MetricId::kRequestBytes, istio_values(std::to_string(i))).record(1);
  }
  EXPECT_EQ(registry.counter(MetricId::kUpstreamRqTotal, Values{"a"}), 1u) << "known ones are still found";
  EXPECT_EQ(registry.series(), 5u) << "two, an overflow series of each metric, and the counter of it";
  EXPECT_EQ(registry.counter(MetricId::kUpstreamRqTotal, Values{"overflow"}), 100u);
  EXPECT_EQ(registry.counter(MetricId::kSeriesOverflow, {}), 200u);
}

TEST(Registry, LongValuesAreCut) {
  Registry registry;
  const std::string longest(Registry::kLabelValueMax, 'x');
  auto& series = registry.counter(MetricId::kUpstreamRqTotal, Values{longest + "a"});
  EXPECT_EQ(&registry.counter(MetricId::kUpstreamRqTotal, Values{longest + "b"}), &series);
  EXPECT_EQ(label_values(registry.all().front()), Values{longest});
}

TEST(RegistryDeathTest, WrongTypeOrLabelsAreBugs) {
  Registry registry;
  EXPECT_DEATH(registry.gauge(MetricId::kUpstreamRqTotal, kEcho), "internal error");
  EXPECT_DEATH(registry.counter(MetricId::kUpstreamRqTotal, {}), "internal error");
}

TEST(Histogram, BucketsAreInclusiveAbove) {
  constexpr double kBounds[] = {0.5, 1, 5};
  Histogram histogram(kBounds);
  for (const std::uint64_t value : {0u, 1u, 2u, 5u, 6u, 1000u}) histogram.record(value);
  EXPECT_EQ(std::vector<std::uint64_t>(histogram.buckets().begin(), histogram.buckets().end()),
            (std::vector<std::uint64_t>{1, 1, 2, 2}));
  EXPECT_EQ(histogram.sum(), 1014u);
  EXPECT_EQ(histogram.count(), 6u);
  histogram.record(std::numeric_limits<std::uint32_t>::max());
  EXPECT_EQ(histogram.buckets().back(), 3u);
}

TEST(Prometheus, PageIsSortedEscapedAndSaysThingsOnce) {
  Registry registry;
  registry.counter(MetricId::kUpstreamRqByCode, Values{"b", "200"}) = 2;
  registry.counter(MetricId::kUpstreamRqByClass, Values{"b", "2xx"}) = 2;
  registry.counter(MetricId::kUpstreamRqByCode, Values{"a\"\\\n\xff", "503"}) = 1;
  registry.gauge(MetricId::kEjectionsActive, Values{"b"}) = -1;
  registry.counter(MetricId::kRateLimitOk, Values{"http_local_rate_limiter"}) = 7;
  EXPECT_EQ(registry.prometheus(),
            "# HELP envoy_cluster_outlier_detection_ejections_active Endpoints ejected now\n"
            "# TYPE envoy_cluster_outlier_detection_ejections_active gauge\n"
            "envoy_cluster_outlier_detection_ejections_active{cluster_name=\"b\"} -1\n"
            "# HELP envoy_cluster_upstream_rq Responses of the cluster\n"
            "# TYPE envoy_cluster_upstream_rq counter\n"
            "envoy_cluster_upstream_rq{cluster_name=\"a\\\"\\\\\\n\xef\xbf\xbd\",response_code=\"503\"} 1\n"
            "envoy_cluster_upstream_rq{cluster_name=\"b\",response_code=\"200\"} 2\n"
            "envoy_cluster_upstream_rq{cluster_name=\"b\",response_code_class=\"2xx\"} 2\n"
            "# HELP envoy_http_local_rate_limiter_http_local_rate_limit_ok Requests that took a token\n"
            "# TYPE envoy_http_local_rate_limiter_http_local_rate_limit_ok counter\n"
            "envoy_http_local_rate_limiter_http_local_rate_limit_ok 7\n");
}

TEST(Prometheus, HistogramsAreCumulative) {
  Registry registry;
  auto& histogram = registry.histogram(MetricId::kRequestDuration, istio_values("200"));
  for (const std::uint64_t ms : {0u, 3u, 3u, 70u, 4'000'000u}) histogram.record(ms);
  const auto page = registry.prometheus();
  const auto value = [&](const std::string& sample) {
    const auto at = page.find(sample);
    return at == page.npos ? std::string("absent")
                           : page.substr(at + sample.size(), page.find('\n', at) - at - sample.size());
  };
  EXPECT_EQ(value(",le=\"0.5\"} "), "1");
  EXPECT_EQ(value(",le=\"1\"} "), "1");
  EXPECT_EQ(value(",le=\"5\"} "), "3");
  EXPECT_EQ(value(",le=\"100\"} "), "4");
  EXPECT_EQ(value(",le=\"3600000\"} "), "4");
  EXPECT_EQ(value(",le=\"+Inf\"} "), "5");
  EXPECT_NE(page.find("istio_request_duration_milliseconds_sum{"), page.npos);
  EXPECT_NE(page.find("\"} 4000076\n"), page.npos);
}

TEST(Prometheus, OrderDoesNotDependOnArrival) {
  Registry a, b;
  const std::string_view names[] = {"x", "y", "z"};
  for (int i : {0, 1, 2}) a.counter(MetricId::kUpstreamRqTotal, Values{names[i]}) = 1;
  for (int i : {2, 0, 1}) b.counter(MetricId::kUpstreamRqTotal, Values{names[i]}) = 1;
  EXPECT_EQ(a.prometheus(), b.prometheus());
}

TEST(Prometheus, SeveralSidecarsOnOnePage) {
  Registry a, b;
  a.counter(MetricId::kUpstreamRqTotal, kEcho) = 1;
  b.counter(MetricId::kUpstreamRqTotal, kEcho) = 2;
  b.histogram(MetricId::kRequestBytes, istio_values("200")).record(10);
  const NamedRegistry both[] = {{"pod-b", &b}, {"pod-a", &a}};
  const auto labelled = render(both, "pod");
  EXPECT_NE(labelled.find(
                "envoy_cluster_upstream_rq_total{pod=\"pod-a\",cluster_name=\"outbound|8080||echo\"} 1\n"
                "envoy_cluster_upstream_rq_total{pod=\"pod-b\",cluster_name=\"outbound|8080||echo\"} 2\n"),
            labelled.npos)
      << labelled;
  EXPECT_EQ(labelled.find("# TYPE envoy_cluster_upstream_rq_total"),
            labelled.rfind("# TYPE envoy_cluster_upstream_rq_total"));
  EXPECT_NE(render(both).find("envoy_cluster_upstream_rq_total{cluster_name=\"outbound|8080||echo\"} 3\n"),
            std::string::npos);
}

TEST(Prometheus, NothingYetIsAnEmptyPage) { EXPECT_EQ(Registry().prometheus(), ""); }

/// One series of every metric, the values as hostile as they come.
void fill(Registry& registry) {
  for (const auto& row : metric_table()) {
    const Values values(row.labels.size(), row.name_has_prefix() ? "9 lives.x" : "a\"b\\c\n\xff\xc3\xa4");
    if (row.type == MetricType::kCounter)
      registry.counter(row.id, values) = std::numeric_limits<std::uint64_t>::max();
    if (row.type == MetricType::kGauge)
      registry.gauge(row.id, values) = std::numeric_limits<std::int64_t>::min();
    if (row.type == MetricType::kHistogram) registry.histogram(row.id, values).record(12);
  }
}

// The reference parser reads our page. It also lints: Envoy's counters have no _total and some names end in
// words it dislikes; those are Envoy's real names, so exit status 3 (lint only) passes and anything that
// speaks of parsing fails.
TEST(Prometheus, PromtoolReadsEveryMetric) {
  if (std::system("promtool --version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "promtool is not installed (Debian package: prometheus); the page was NOT checked by it";
  Registry registry;
  fill(registry);
  const auto path = testing::TempDir() + "marty_metrics.txt";
  auto* file = std::fopen(path.c_str(), "w");
  ASSERT_TRUE(file);
  const auto page = registry.prometheus();
  ASSERT_EQ(std::fwrite(page.data(), 1, page.size(), file), page.size());
  std::fclose(file);
  auto* pipe = popen(("promtool check metrics <'" + path + "' 2>&1").c_str(), "r");
  ASSERT_TRUE(pipe);
  std::string said;
  std::array<char, 4096> chunk;
  while (const auto n = std::fread(chunk.data(), 1, chunk.size(), pipe)) said.append(chunk.data(), n);
  const int status = pclose(pipe);
  std::remove(path.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3) << said;
  EXPECT_EQ(said.find("error while linting"), said.npos) << said;
}

}  // namespace
}  // namespace marty::telemetry
