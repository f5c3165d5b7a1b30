#include "policy/retry.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace marty::policy {
namespace {

constexpr TryFailure kFailures[] = {TryFailure::kConnectFailure,     TryFailure::kConnectTimeout,
                                    TryFailure::kTlsFailure,         TryFailure::kReset,
                                    TryFailure::kResetBeforeRequest, TryFailure::kPerTryTimeout,
                                    TryFailure::kProtocolError};

Retry::Config on(std::initializer_list<std::string_view> words) {
  Retry::Config config;
  config.on = std::uint32_t{0};
  for (const auto word : words) config.on.value |= Retry::word(word).value();
  return config;
}

TEST(Retry, WordsReadBack) {
  for (const auto name : Retry::words()) EXPECT_TRUE(Retry::word(name)) << name;
  EXPECT_EQ(Retry::words().size(), 16u);
  for (const auto name : {"", " reset", "5XX", "connect_failure", "503"})
    EXPECT_FALSE(Retry::word(name)) << name;
}

TEST(Retry, DescribesInCanonicalOrderCodesLast) {
  EXPECT_EQ(Retry::describe({}),
            "connect-failure,refused-stream,cancelled,unavailable,retriable-status-codes");
  auto config = on({"retriable-status-codes", "refused-stream", "connect-failure"});
  config.status_codes = {std::uint16_t{503}, std::uint16_t{504}};
  EXPECT_EQ(Retry::describe(config), "connect-failure,refused-stream,503,504");
}

TEST(Retry, DefaultPolicyRetriesConnectionsNotAnswers) {
  const Retry::Config config;
  for (int status : {200, 404, 409, 500, 502, 503, 504})
    EXPECT_FALSE(Retry::retriable(config, status, {})) << status;
  EXPECT_TRUE(Retry::retriable(config, TryFailure::kConnectFailure));
  EXPECT_TRUE(Retry::retriable(config, TryFailure::kConnectTimeout));
  EXPECT_TRUE(Retry::retriable(config, TryFailure::kTlsFailure));
  EXPECT_FALSE(Retry::retriable(config, TryFailure::kReset));
  EXPECT_FALSE(Retry::retriable(config, TryFailure::kPerTryTimeout));
}

TEST(Retry, EveryStatusByEveryWord) {
  for (int status = 100; status < 600; ++status) {
    EXPECT_EQ(Retry::retriable(on({"5xx"}), status, {}), status >= 500);
    EXPECT_EQ(Retry::retriable(on({"gateway-error"}), status, {}), status >= 502 && status <= 504);
    EXPECT_EQ(Retry::retriable(on({"retriable-4xx"}), status, {}), status == 409);
    for (const auto word :
         {"reset", "connect-failure", "refused-stream", "reset-before-request", "unavailable"})
      EXPECT_FALSE(Retry::retriable(on({word}), status, {})) << word << status;
    auto codes = on({"retriable-status-codes"});
    EXPECT_FALSE(Retry::retriable(codes, status, {}));
    codes.status_codes = {std::uint16_t{418}};
    EXPECT_EQ(Retry::retriable(codes, status, {}), status == 418);
    codes.on = std::uint32_t{0};
    EXPECT_FALSE(Retry::retriable(codes, status, {}));
  }
}

TEST(Retry, GrpcWordsLookAtTheGrpcStatus) {
  const std::pair<std::string_view, int> words[] = {{"cancelled", 1},
                                                    {"deadline-exceeded", 4},
                                                    {"resource-exhausted", 8},
                                                    {"internal", 13},
                                                    {"unavailable", 14}};
  for (const auto& [word, code] : words)
    for (int status = 0; status <= 16; ++status)
      EXPECT_EQ(Retry::retriable(on({word}), 200, status), status == code) << word << status;
}

TEST(Retry, FailuresByWord) {
  const struct {
    std::string_view word;
    bool expected[7];  // in the order of kFailures
  } table[] = {
      {"5xx", {true, true, true, true, true, true, true}},
      {"gateway-error", {true, true, true, true, true, true, true}},
      {"reset", {true, true, true, true, true, true, true}},
      {"reset-before-request", {true, true, true, false, true, false, false}},
      {"connect-failure", {true, true, true, false, false, false, false}},
      {"retriable-4xx", {}},
      {"refused-stream", {}},
      {"retriable-status-codes", {}},
      {"unavailable", {}},
  };
  for (const auto& row : table)
    for (std::size_t i = 0; i < std::size(kFailures); ++i)
      EXPECT_EQ(Retry::retriable(on({row.word}), kFailures[i]), row.expected[i]) << row.word << " " << i;
}

TEST(Retry, NoAttemptsMeansNever) {
  auto config = on({"5xx", "reset"});
  config.attempts = 0u;
  EXPECT_FALSE(Retry::retriable(config, 503, {}));
  EXPECT_FALSE(Retry::retriable(config, TryFailure::kReset));
}

TEST(Retry, BackoffIsUniformBelowItsBound) {
  const std::pair<std::uint32_t, Duration> bounds[] = {{1, 25ms},  {2, 50ms},  {3, 100ms},         {4, 200ms},
                                                       {5, 250ms}, {6, 250ms}, {UINT32_MAX, 250ms}};
  Rng rng(7);
  for (const auto& [nth, bound] : bounds) {
    Duration least = 1h, most{}, sum{};
    constexpr int kDraws = 4000;
    for (int i = 0; i < kDraws; ++i) {
      const auto delay = Retry::backoff({}, nth, rng);
      ASSERT_GE(delay, Duration{});
      ASSERT_LT(delay, bound);
      least = std::min(least, delay);
      most = std::max(most, delay);
      sum += delay;
    }
    EXPECT_LT(least, bound / 100) << nth;
    EXPECT_GT(most, bound - bound / 100) << nth;
    EXPECT_NEAR(static_cast<double>(sum.count()) / kDraws / static_cast<double>(bound.count()), 0.5, 0.03);
  }
}

TEST(Retry, BackoffSurvivesExtremeBases) {
  Rng rng(1);
  Retry::Config config;
  config.backoff_base = Duration{};
  EXPECT_EQ(Retry::backoff(config, 3, rng), Duration{});
  config.backoff_base = Duration::max();
  EXPECT_GE(Retry::backoff(config, 4, rng), Duration{});
}

}  // namespace
}  // namespace marty::policy
