#include "policy/client_rate_limit.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Scope = ClientRateLimiter::Scope;

Instant at(Duration d) { return Instant{} + d; }

TEST(Gcra, ASecondsWorthAtOnceThenEvenly) {
  const struct {
    std::uint32_t rps;
    std::vector<std::pair<Duration, int>> bursts;  // when, how many of 20 pass
  } table[] = {
      {5, {{0ms, 5}, {199ms, 0}, {200ms, 1}, {400ms, 1}, {10s, 5}}},
      {1, {{0ms, 1}, {999ms, 0}, {1000ms, 1}}},
      {10, {{0ms, 10}, {500ms, 5}, {501ms, 0}}},
  };
  for (const auto& row : table) {
    Gcra limiter;
    for (const auto& [when, expected] : row.bursts) {
      int passed = 0;
      for (int i = 0; i < 20; ++i) passed += limiter.try_take(row.rps, at(when)) ? 1 : 0;
      EXPECT_EQ(passed, expected) << row.rps << " rps at " << when.count();
    }
  }
}

TEST(Gcra, SaysWhenTheNextPasses) {
  Gcra limiter;
  EXPECT_EQ(limiter.until_next(2, at(0s)), Duration{});
  limiter.try_take(2, at(0s));
  limiter.try_take(2, at(0s));
  EXPECT_EQ(limiter.until_next(2, at(0s)), 500ms);
  EXPECT_EQ(limiter.until_next(2, at(400ms)), 100ms);
}

ClientRateLimit config() {
  ClientRateLimit c;
  c.total = {6u, {1, 1, 0}};
  c.identity = {2u, {2, 1, 0}};
  c.overrides.push_back({{3u, {3, 1, 0}}, {"a.shop", "b.shop"}, {}});
  return c;
}

TEST(ClientRateLimit, EachScopeRefusesWithItsOwnLine) {
  auto c = config();
  const struct {
    const char* client;
    Scope refused_by;
    std::uint32_t line;
  } table[] = {
      {"x.shop", Scope::kPassed, 0},    {"x.shop", Scope::kPassed, 0}, {"x.shop", Scope::kIdentity, 2},
      {"a.shop", Scope::kPassed, 0},    {"b.shop", Scope::kPassed, 0}, {"a.shop", Scope::kPassed, 0},
      {"fresh.shop", Scope::kTotal, 1},  // x's refused request was charged as well
  };
  ClientRateLimiter limiter(c);
  int row_number = 0;
  for (const auto& row : table) {
    const auto verdict = limiter.check(c, {}, row.client);
    EXPECT_EQ(verdict.refused_by, row.refused_by) << row_number << " " << row.client;
    EXPECT_EQ(verdict.origin.line, row.line) << row_number;
    ++row_number;
  }
}

TEST(ClientRateLimit, AnOverrideIsSharedAndReplacesTheIdentityLimit) {
  auto c = config();
  c.total.reset();
  ClientRateLimiter limiter(c);
  EXPECT_EQ(limiter.check(c, {}, "a.shop").refused_by, Scope::kPassed);
  EXPECT_EQ(limiter.check(c, {}, "b.shop").refused_by, Scope::kPassed);
  EXPECT_EQ(limiter.check(c, {}, "b.shop").refused_by, Scope::kPassed);
  EXPECT_EQ(limiter.check(c, {}, "a.shop").refused_by, Scope::kOverride);
}

TEST(ClientRateLimit, UnauthenticatedClientsAreOne) {
  auto c = config();
  c.total.reset();
  ClientRateLimiter limiter(c);
  EXPECT_EQ(limiter.check(c, {}, "").refused_by, Scope::kPassed);
  EXPECT_EQ(limiter.check(c, {}, "").refused_by, Scope::kPassed);
  EXPECT_EQ(limiter.check(c, {}, "").refused_by, Scope::kIdentity);
}

TEST(ClientRateLimit, ManyClientsAreForgottenTogether) {
  auto c = config();
  c.total.reset();
  c.identity = {1u, {}};
  ClientRateLimiter limiter(c);
  limiter.check(c, {}, "first");
  EXPECT_EQ(limiter.check(c, {}, "first").refused_by, Scope::kIdentity);
  for (std::size_t i = 0; i < ClientRateLimiter::kClientsMax; ++i) limiter.check(c, {}, std::to_string(i));
  EXPECT_EQ(limiter.check(c, {}, "first").refused_by, Scope::kPassed);
}

}  // namespace
}  // namespace marty::policy
