#include "policy/status_retry.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

TEST(StatusRetry, OnlyTheNamedStatusesAreRetried) {
  StatusRetry::Config config;
  EXPECT_FALSE(StatusRetry::retriable(config, 503)) << "a limit alone retries no status";
  config.on.value = {{502, 504}, {429, 429}};
  EXPECT_EQ(StatusRetry::describe(*config.on), "502-504,429");
  for (int status = 100; status < 600; ++status) {
    EXPECT_EQ(StatusRetry::retriable(config, status), (status >= 502 && status <= 504) || status == 429)
        << status;
  }
}

TEST(StatusRetry, WaitsDoubleFrom25To250Milliseconds) {
  const struct {
    std::uint32_t nth;
    Duration least, most;
  } table[] = {{1, 25ms, 50ms}, {2, 50ms, 100ms}, {3, 100ms, 200ms}, {4, 200ms, 250ms}, {5, 250ms, 250ms}};
  Rng rng(3);
  for (const auto& row : table) {
    Duration least = 1h, most{};
    for (int i = 0; i < 1000; ++i) {
      const auto wait = StatusRetry::backoff(row.nth, rng);
      least = std::min(least, wait);
      most = std::max(most, wait);
    }
    EXPECT_GE(least, row.least) << row.nth;
    EXPECT_LE(least, row.least + (row.most - row.least) / 50) << row.nth;
    EXPECT_LE(most, row.most) << row.nth;
    EXPECT_GE(most, row.most - (row.most - row.least) / 50) << row.nth;
  }
}

}  // namespace
}  // namespace marty::policy
