#include "telemetry/flags.hpp"

#include <gtest/gtest.h>

#include <set>

namespace marty::telemetry {
namespace {

std::string text(std::initializer_list<Flag> flags) {
  Flags set;
  for (const auto flag : flags) set.set(flag);
  return std::string(FlagsText(set).view());
}

TEST(Flags, JoinedInTheOrderOfACall) {
  EXPECT_EQ(text({}), "-");
  EXPECT_EQ(text({Flag::kUpstreamConnectionFailure, Flag::kRetriesExhausted}), "URX,UF");
  EXPECT_EQ(text({Flag::kUpstreamConnectionTermination, Flag::kRetriesExhausted}), "URX,UC");
  EXPECT_EQ(text({Flag::kUpstreamTimeout, Flag::kRetriesExhausted}), "URX,UT");
  EXPECT_EQ(text({Flag::kFaultInjected, Flag::kDelayInjected}), "DI,FI");
  EXPECT_EQ(text({Flag::kDelayInjected, Flag::kUpstreamTimeout}), "DI,UT");
  EXPECT_EQ(text({Flag::kNoHealthyUpstream}), "UH");
  EXPECT_EQ(text({Flag::kDownstreamConnectionTermination}), "DC");
}

TEST(Flags, EveryFlagHasItsOwnLettersAndAllFit) {
  std::set<std::string_view> letters(kFlagLetters.begin(), kFlagLetters.end());
  EXPECT_EQ(letters.size(), kFlagLetters.size());
  Flags all;
  std::size_t expected = 0;
  for (std::size_t i = 0; i < kFlagLetters.size(); ++i) {
    Flags one;
    one.set(static_cast<Flag>(i));
    EXPECT_EQ(FlagsText(one).view(), kFlagLetters[i]);
    EXPECT_TRUE(one.has(static_cast<Flag>(i)));
    all.set(static_cast<Flag>(i));
    expected += kFlagLetters[i].size() + 1;
  }
  EXPECT_EQ(FlagsText(all).view().size(), expected - 1);
  for (std::size_t i = 0; i < kFlagLetters.size(); ++i) all.clear(static_cast<Flag>(i));
  EXPECT_TRUE(all.empty());
}

}  // namespace
}  // namespace marty::telemetry
