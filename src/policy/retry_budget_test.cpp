#include "policy/retry_budget.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

Instant at(Duration d) { return Instant{} + d; }

RetryBudget::Config config(double ratio, std::uint32_t min, Duration ttl) {
  RetryBudget::Config c;
  c.ratio = ratio;
  c.min_per_second = min;
  c.ttl = ttl;
  return c;
}

TEST(RetryBudget, GrantsTheReserveAndARatioOfTheCalls) {
  const struct {
    const char* story;
    double ratio;
    std::uint32_t min;
    int calls;
    int retries;  // in the same instant
  } table[] = {
      {"the default reserve is 10/s for 10 s", 0.2, 10, 0, 100},
      {"one retry for five calls", 0.2, 0, 50, 10},
      {"four calls are not enough", 0.2, 0, 4, 0},
      {"both together", 0.2, 10, 50, 110},
      {"ratio 0 leaves the reserve", 0, 2, 1000, 20},
      {"ratio 1", 1, 0, 7, 7},
      {"ratio 2.5", 2.5, 0, 4, 10},
  };
  for (const auto& row : table) {
    RetryBudget budget(config(row.ratio, row.min, 10s), {});
    for (int i = 0; i < row.calls; ++i) budget.deposit({});
    EXPECT_EQ(budget.retries_left({}), row.retries) << row.story;
    int retries = 0;
    while (budget.try_withdraw({})) ++retries;
    EXPECT_EQ(retries, row.retries) << row.story;
  }
}

TEST(RetryBudget, DepositsAndWithdrawalsExpire) {
  RetryBudget budget(config(1, 1, 10s), {});
  for (int i = 0; i < 5; ++i) budget.deposit({});
  EXPECT_EQ(budget.retries_left(at(9s)), 15);
  EXPECT_EQ(budget.retries_left(at(10s)), 10) << "the deposits are ten seconds old";
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(budget.try_withdraw(at(10s)));
  EXPECT_FALSE(budget.try_withdraw(at(19s)));
  EXPECT_TRUE(budget.try_withdraw(at(20s))) << "withdrawals expire too: the reserve is there again";
  EXPECT_EQ(budget.retries_left(at(1000s)), 10);
}

}  // namespace
}  // namespace marty::policy
