#include "dialect/linkerd/annotations.hpp"

#include <gtest/gtest.h>

namespace marty::dialect::linkerd {
namespace {

manifest::Resource service(const std::string& annotations) {
  Diagnostics found;
  auto read = manifest::read_resources(
      "apiVersion: v1\nkind: Service\nmetadata:\n  name: pets\n  annotations: {" + annotations + "}\n", 0,
      found);
  EXPECT_TRUE(found.all().empty()) << annotations;
  return std::move(read.all.at(0));
}

TEST(AnnotationDuration, OneNumberAndOneUnit) {
  const std::pair<const char*, std::optional<Duration>> table[] = {
      {"10s", 10s}, {"1500ms", 1500ms}, {"2m", 120s}, {"1h", 3600s}, {"1d", 86400s},
      {"0", 0s},    {"0s", 0s},         {"1.5s", {}}, {"1m30s", {}}, {"10", {}},
      {"s", {}},    {"-1s", {}},        {"1us", {}},  {"", {}},      {"999999999999999999h", {}}};
  for (const auto& [text, wanted] : table) EXPECT_EQ(parse_annotation_duration(text), wanted) << text;
  for (const Duration d : {Duration{0}, Duration{1500ms}, Duration{10s}, Duration{1ms}})
    EXPECT_EQ(parse_annotation_duration(print_annotation_duration(d)), d);
}

TEST(FailureAccrual, DefaultsAndValues) {
  Diagnostics found;
  EXPECT_FALSE(decode_failure_accrual(service(""), found));
  const auto plain =
      decode_failure_accrual(service("balancer.linkerd.io/failure-accrual: consecutive"), found);
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain->max_failures, 7u);
  EXPECT_EQ(*plain->min_penalty, Duration{1s});
  EXPECT_EQ(*plain->max_penalty, Duration{60s});
  EXPECT_EQ(*plain->jitter_ratio, 0.5);
  EXPECT_TRUE(plain->origin.known());
  const auto all = decode_failure_accrual(
      service("balancer.linkerd.io/failure-accrual: unified, "
              "balancer.linkerd.io/failure-accrual-consecutive-max-failures: \"3\", "
              "balancer.linkerd.io/failure-accrual-consecutive-min-penalty: 30s, "
              "balancer.linkerd.io/failure-accrual-consecutive-max-penalty: 5m, "
              "balancer.linkerd.io/failure-accrual-consecutive-jitter-ratio: \"0\", "
              "balancer.alpha.linkerd.io/failure-accrual-success-rate-threshold: \"0.9\""),
      found);
  ASSERT_TRUE(all);
  EXPECT_EQ(*all->mode, FailureAccrual::Mode::kUnified);
  EXPECT_EQ(*all->max_failures, 3u);
  EXPECT_EQ(*all->max_penalty, Duration{300s});
  EXPECT_EQ(*all->jitter_ratio, 0.0);
  EXPECT_EQ(*all->success_rate_threshold, 0.9);
  EXPECT_TRUE(found.all().empty());
}

TEST(Retries, ListsAndLimits) {
  Diagnostics found;
  EXPECT_FALSE(decode_retries(service(""), found));
  const auto retries = decode_retries(service("retry.linkerd.io/http: \"503,Gateway-Error,5xx,429-431\", "
                                              "retry.linkerd.io/grpc: \"internal,unavailable\", "
                                              "retry.linkerd.io/limit: \"3\", retry.linkerd.io/timeout: 2s"),
                                      found);
  ASSERT_TRUE(retries);
  using Range = Retries::StatusRange;
  EXPECT_EQ(*retries->http, (std::vector<Range>{{503, 503}, {502, 504}, {500, 599}, {429, 431}}));
  EXPECT_EQ(retries->grpc->size(), 2u);
  EXPECT_EQ(*retries->limit, 3u);
  EXPECT_EQ(**retries->timeout, Duration{2s});
  const auto zeros =
      decode_retries(service("retry.linkerd.io/limit: \"0\", retry.linkerd.io/timeout: 0s"), found);
  ASSERT_TRUE(zeros);
  EXPECT_TRUE(zeros->http->empty()) << "no statuses: only what never reached a server is tried again";
  EXPECT_EQ(*zeros->limit, 1u);
  EXPECT_FALSE(zeros->timeout);
  EXPECT_TRUE(found.all().empty());
}

TEST(Timeouts, EachOnItsOwn) {
  Diagnostics found;
  const auto timeouts =
      decode_timeouts(service("timeout.linkerd.io/request: 10s, timeout.linkerd.io/idle: \"0\""), found);
  EXPECT_EQ(**timeouts.request, Duration{10s});
  EXPECT_FALSE(timeouts.response);
  EXPECT_FALSE(timeouts.idle);
  EXPECT_TRUE(found.all().empty());
}

struct Wrong {
  const char *annotations, *rule, *message;
};

TEST(Annotations, WrongOnesSwitchTheirGroupOffAndAreReported) {
  const Wrong table[] = {
      {"balancer.linkerd.io/failure-accrual: Consecutive", "invalid-value", "'consecutive' or 'unified'"},
      {"balancer.linkerd.io/failure-accrual-consecutive-max-failures: \"5\"", "invalid-value",
       "nothing is shut off"},
      {"balancer.linkerd.io/failure-accrual: consecutive, "
       "balancer.linkerd.io/failure-accrual-consecutive-max-failures: many",
       "invalid-value", "a number from 0"},
      {"balancer.linkerd.io/failure-accrual: consecutive, "
       "balancer.linkerd.io/failure-accrual-consecutive-min-penalty: 90s",
       "invalid-value", "no shorter"},
      {"balancer.linkerd.io/failure-accrual: consecutive, "
       "balancer.linkerd.io/failure-accrual-consecutive-max-penalty: 1.5s",
       "invalid-value", "one unit"},
      {"retry.linkerd.io/http: \"502, 503\"", "invalid-value", "no spaces"},
      {"retry.linkerd.io/http: 4xx", "invalid-value", "5xx"},
      {"retry.linkerd.io/limit: \"-1\"", "invalid-value", "a number from 0 to 65535"},
      {"retry.linkerd.io/grpc: unknown", "invalid-value", "cancelled"},
      {"timeout.linkerd.io/request: 1m30s", "invalid-value", "1500ms"},
      {"timeout.linkerd.io/requests: 10s", "unknown-annotation", "requests"},
  };
  for (const Wrong& wrong : table) {
    Diagnostics found;
    const auto object = service(wrong.annotations);
    EXPECT_FALSE(decode_failure_accrual(object, found)) << wrong.annotations;
    EXPECT_FALSE(decode_retries(object, found)) << wrong.annotations;
    EXPECT_FALSE(decode_timeouts(object, found).request) << wrong.annotations;
    ASSERT_EQ(found.all().size(), 1u) << wrong.annotations;
    EXPECT_EQ(found.all()[0].rule, wrong.rule) << wrong.annotations;
    EXPECT_NE(found.all()[0].message.find(wrong.message), std::string::npos) << found.all()[0].message;
    EXPECT_EQ(found.all()[0].where.begin.line, 5u) << wrong.annotations;
  }
}

TEST(DefaultPolicy, OfAPodTemplate) {
  Diagnostics found;
  const auto read = [&](const char* value) {
    const auto object = service(std::string("config.linkerd.io/default-inbound-policy: ") + value);
    return decode_default_policy(*object.root.find("metadata"), object.ref(), found);
  };
  EXPECT_EQ(**read("deny"), DefaultPolicy::kDeny);
  EXPECT_EQ(**read("all-authenticated"), DefaultPolicy::kAllAuthenticated);
  EXPECT_TRUE(found.all().empty());
  EXPECT_FALSE(read("allow"));
  EXPECT_EQ(found.all().size(), 1u);
}

}  // namespace
}  // namespace marty::dialect::linkerd
