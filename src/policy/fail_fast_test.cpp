#include "policy/fail_fast.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Answer = FailFast::Answer;

TEST(FailFast, WaitsThreeSecondsThenFailsUntilAnEndpointIsReady) {
  const struct {
    Duration at;
    bool ready;
    Answer answer;
  } table[] = {
      {0s, true, Answer::kSend},   {1s, false, Answer::kWait},      {3999ms, false, Answer::kWait},
      {4s, false, Answer::kFail},  {60s, false, Answer::kFail},     {61s, true, Answer::kSend},
      {62s, false, Answer::kWait}, {64999ms, false, Answer::kWait}, {65s, false, Answer::kFail},
  };
  FailFast balancer;
  for (const auto& row : table) {
    const auto now = Instant{} + row.at;
    EXPECT_EQ(balancer.ask(now, row.ready), row.answer) << row.at.count();
    EXPECT_EQ(balancer.failing(now), row.answer == Answer::kFail) << row.at.count();
  }
}

}  // namespace
}  // namespace marty::policy
