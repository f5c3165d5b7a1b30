#include "cli/flags.hpp"

#include <gtest/gtest.h>

namespace marty::cli {
namespace {

using Words = std::vector<std::string>;

constexpr Flag kName{Flag::Kind::kText, "-n,--name", "NAME", ""};
constexpr Flag kForm{Flag::Kind::kText, "--form", "", "", "table|json", "table"};
constexpr Flag kDry{Flag::Kind::kToggle, "--dry", "", ""};
constexpr Flag kTry{Flag::Kind::kOptional, "--try", "[=here|there]", "", "here|there", "there"};
constexpr Flag kHead{Flag::Kind::kRepeated, "-H,--header", "H", ""};
constexpr Flag kVerb{Flag::Kind::kPositional, "VERB", "", ""};
constexpr Flag kPaths{Flag::Kind::kPositionals, "PATH", "", ""};
constexpr Flag kCommand{Flag::Kind::kRest, "CMD", "", ""};

constexpr const Flag* kPlain[] = {&kName, &kForm, &kDry, &kTry, &kHead, &kPaths};
constexpr const Flag* kAsking[] = {&kVerb, &kHead};
constexpr const Flag* kRunning[] = {&kName, &kCommand};

std::string problem(std::span<const Flag* const> flags, const Words& words) {
  return parse(flags, words).problem;
}

TEST(Flags, EveryFormOfAValue) {
  for (const Words& words :
       {Words{"-n", "pets"}, {"--name", "pets"}, {"--name=pets"}, {"a", "--name", "pets", "b"}}) {
    const auto parsed = parse(kPlain, words);
    EXPECT_EQ(parsed.problem, "");
    EXPECT_EQ(parsed.arguments.text(kName), "pets");
    EXPECT_FALSE(parsed.arguments.given(kDry));
  }
}

TEST(Flags, AnOptionalValueMayBeLeftOut) {
  struct Case {
    Words words;
    const char* value;
  };
  for (const Case& c : {Case{{"--try"}, "there"}, {{"--try", "--dry"}, "there"}, {{"--try=here"}, "here"}}) {
    const auto parsed = parse(kPlain, c.words);
    EXPECT_EQ(parsed.problem, "");
    EXPECT_TRUE(parsed.arguments.given(kTry));
    EXPECT_EQ(parsed.arguments.text(kTry), c.value);
  }
  EXPECT_EQ(problem(kPlain, {"--try=hre"}), "--try takes here, there, not 'hre'; did you mean here?");
  EXPECT_FALSE(parse(kPlain, Words{}).arguments.given(kTry));
}

TEST(Flags, WhatIsNotGivenFallsBack) {
  const auto parsed = parse(kPlain, Words{});
  EXPECT_EQ(parsed.problem, "");
  EXPECT_EQ(parsed.arguments.text(kForm), "table");
  EXPECT_EQ(parsed.arguments.text(kName), "");
  EXPECT_TRUE(parsed.arguments.all(kPaths).empty());
}

TEST(Flags, RepeatedFlagsTakeOneValueEach) {
  const auto parsed = parse(kPlain, Words{"-H", "a: 1", "path", "-H", "b: -2", "-", "--dry"});
  EXPECT_EQ(parsed.problem, "");
  EXPECT_EQ(parsed.arguments.all(kHead), (Words{"a: 1", "b: -2"}));
  EXPECT_EQ(parsed.arguments.all(kPaths), (Words{"path", "-"}));
  EXPECT_TRUE(parsed.arguments.given(kDry));
}

TEST(Flags, TheRestIsUntouched) {
  const auto parsed = parse(kRunning, Words{"--name", "x", "--", "curl", "--nmae", "--", "-H", "a b"});
  EXPECT_EQ(parsed.problem, "");
  EXPECT_EQ(parsed.arguments.text(kName), "x");
  EXPECT_EQ(parsed.arguments.all(kCommand), (Words{"curl", "--nmae", "--", "-H", "a b"}));
}

TEST(Flags, ProblemsNameTheWayOut) {
  EXPECT_EQ(problem(kPlain, {"--nam", "x"}), "unknown flag --nam; did you mean --name?");
  EXPECT_EQ(problem(kPlain, {"--nmae=x"}), "unknown flag --nmae; did you mean --name?");
  EXPECT_EQ(problem(kPlain, {"--hlep"}), "unknown flag --hlep; did you mean --help?");
  EXPECT_EQ(problem(kPlain, {"--zzz"}), "unknown flag --zzz");
  EXPECT_EQ(problem(kPlain, {"--form", "jsno"}), "--form takes table, json, not 'jsno'; did you mean json?");
  EXPECT_EQ(problem(kPlain, {"--form", "xml"}), "--form takes table, json, not 'xml'");
  EXPECT_EQ(problem(kRunning, {"stray"}), "unexpected argument 'stray'");
  // An unknown flag is said before what is missing because of it.
  EXPECT_EQ(problem(kAsking, {"--haeder", "a: 1"}), "unknown flag --haeder; did you mean --header?");
  EXPECT_NE(problem(kAsking, {}), "");
  EXPECT_EQ(problem(kPlain, {"--name"}), "--name takes one value, and is given once");
  EXPECT_EQ(problem(kPlain, {"--name", "a", "-n", "b"}), "--name takes one value, and is given once");
  EXPECT_NE(problem(kPlain, {"--dry=maybe"}), "");
}

}  // namespace
}  // namespace marty::cli
