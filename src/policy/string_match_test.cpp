#include "policy/string_match.hpp"

#include <gtest/gtest.h>

namespace marty::policy {
namespace {

using Kind = StringMatch::Kind;

StringMatch regex(const std::string& pattern) {
  std::string why;
  StringMatch match{Kind::kRegex, pattern, false, {}, Regex::compile(pattern, why)};
  EXPECT_TRUE(match.regex) << why;
  return match;
}

TEST(StringMatch, Forms) {
  const struct {
    Kind kind;
    const char* text;
    bool ignore_case;
    const char* value;
    bool expected;
  } table[] = {
      {Kind::kExact, "a", false, "a", true},         {Kind::kExact, "a", false, "A", false},
      {Kind::kExact, "a", true, "A", true},          {Kind::kExact, "a", false, "ab", false},
      {Kind::kExact, "", false, "", true},           {Kind::kPrefix, "/api", false, "/api", true},
      {Kind::kPrefix, "/api", false, "/apis", true}, {Kind::kPrefix, "/api", false, "/ap", false},
      {Kind::kPrefix, "/API", true, "/api/x", true}, {Kind::kPrefix, "", false, "", true},
      {Kind::kSuffix, ".jpg", false, "a.jpg", true}, {Kind::kSuffix, ".jpg", false, "jpg", false},
      {Kind::kSuffix, ".JPG", true, "a.jpg", true},  {Kind::kPresent, "", false, "", true},
      {Kind::kPresent, "", false, "x", true},
  };
  for (const auto& row : table) {
    const StringMatch match{row.kind, row.text, row.ignore_case, {}, nullptr};
    EXPECT_EQ(match.matches(row.value), row.expected) << row.text << " on " << row.value;
  }
}

TEST(StringMatch, AnyCaseOverridesTheFlag) {
  const StringMatch match{Kind::kExact, "Echo.Default", false, {}, nullptr};
  EXPECT_FALSE(match.matches("echo.default"));
  EXPECT_TRUE(match.matches_any_case("echo.default"));
}

TEST(StringMatch, RegexMatchesTheWholeString) {
  EXPECT_TRUE(regex("/pets/[0-9]+").matches("/pets/42"));
  EXPECT_FALSE(regex("/pets/[0-9]+").matches("/pets/42/"));
  EXPECT_FALSE(regex("pets").matches("/pets"));
  EXPECT_TRUE(regex(".*").matches(""));
  EXPECT_TRUE(regex("(?i)canary").matches("CANARY"));
}

TEST(StringMatch, PlainAlternativesMeanWhatRe2Means) {
  // The group makes RE2 read the same expression; every short text must be judged alike.
  for (const std::string pattern : {"GET|HEAD|OPTIONS", "a", "a|b", "a||b", "|", "", "ab|a", "a|"}) {
    const auto words = regex(pattern), re2 = regex("(?:" + pattern + ")");
    for (const std::string_view text :
         {"", "a", "b", "ab", "abc", "|", "a|b", "GET", "GE", "GETS", "HEAD", "OPTIONS", "get"}) {
      EXPECT_EQ(words.matches(text), re2.matches(text)) << pattern << " on " << text;
    }
  }
}

TEST(StringMatch, RegexWithoutCompilationNeverMatches) {
  EXPECT_FALSE((StringMatch{Kind::kRegex, ".*", false, {}, nullptr}).matches("x"));
}

TEST(Regex, RefusesWhatRe2DoesNotKnowAndSaysWhy) {
  for (const char* pattern : {"(", "*", "a(?=b)", "(a)\\1", "[z-a]"}) {
    std::string why;
    EXPECT_EQ(Regex::compile(pattern, why), nullptr) << pattern;
    EXPECT_FALSE(why.empty()) << pattern;
  }
}

TEST(Regex, IsBounded) {
  std::string why;
  EXPECT_TRUE(Regex::compile(std::string(1024, 'a'), why));
  EXPECT_FALSE(Regex::compile(std::string(1025, 'a'), why));
  EXPECT_EQ(why, "the expression is longer than 1024 characters");
}

TEST(StringMatch, PathPrefixesCompareWholeSegments) {
  const struct {
    const char *prefix, *path;
    bool matches;
  } table[] = {{"/a", "/a", true},    {"/a", "/a/", true},      {"/a", "/a/b", true}, {"/a", "/ab", false},
               {"/a/", "/a", true},   {"/a/", "/a/b", true},    {"/", "/", true},     {"/", "/x/y", true},
               {"/a/b", "/a", false}, {"/a/b", "/a/bc", false}, {"/A", "/a", false}};
  for (const auto& row : table) {
    const StringMatch match{StringMatch::Kind::kPathPrefix, row.prefix, false, {}, nullptr};
    EXPECT_EQ(match.matches(row.path), row.matches) << row.prefix << " " << row.path;
  }
}

}  // namespace
}  // namespace marty::policy
