#include "core/diagnostic.hpp"

#include <gtest/gtest.h>

namespace marty {
namespace {

TEST(Diagnostic, ShowsPlaceLineAndCaret) {
  SourceMap sources;
  const auto file = sources.add("a.yaml", "spec:\n  hots: x\n");
  Diagnostic finding{
      "unknown-field", Severity::kError, {{2, 3, file}, 4}, "unknown field 'hots'", {}, {}, {}, {}};
  finding.notes.push_back({{}, "did you mean 'hosts'?"});
  EXPECT_EQ(render(finding, sources),
            "a.yaml:2:3: error: unknown field 'hots' [unknown-field]\n"
            "  2 |   hots: x\n"
            "    |   ^~~~\n"
            "  note: did you mean 'hosts'?\n");
}

TEST(Diagnostic, LongLinesAreCutAroundTheCaret) {
  SourceMap sources;
  const auto file = sources.add("a.yaml", std::string(10000, 'x'));
  const auto text = render({"r", Severity::kError, {{1, 9000, file}, 5000}, "m", {}, {}, {}, {}}, sources);
  EXPECT_LT(text.size(), 500u);
}

TEST(Closest, SuggestsOnlyNearWords) {
  const std::vector<std::string_view> fields{"maxEjectionPercent", "interval", "hosts"};
  EXPECT_EQ(closest("maxEjectionPercentage", fields), "maxEjectionPercent");
  EXPECT_EQ(closest("hots", fields), "hosts");
  EXPECT_EQ(closest("ohsts", fields), "hosts");
  EXPECT_EQ(closest("retries", fields), std::nullopt);
}

TEST(Origin, FindsEachLineOfALongFile) {
  std::string text;
  for (int i = 1; i <= 200; ++i) text += std::to_string(i) + (i % 3 == 0 ? "\r\n" : "\n");
  SourceMap sources;
  const auto file = sources.add("long.yaml", text);
  for (std::uint32_t i = 1; i <= 200; ++i) EXPECT_EQ(sources.line({i, 1, file}), std::to_string(i));
  for (std::uint32_t i : {201u, 202u, 256u, 257u, 100000u}) EXPECT_EQ(sources.line({i, 1, file}), "") << i;
  EXPECT_EQ(sources.line({0, 1, file}), "");
}

TEST(Origin, UnknownIsTheMeshDefault) {
  SourceMap sources;
  EXPECT_EQ(sources.describe({}), "mesh default");
  const auto file = sources.add("b.yaml", "one\r\ntwo");
  EXPECT_EQ(sources.describe({1, 1, file}), "b.yaml:1:1");
  EXPECT_EQ(sources.line({1, 1, file}), "one");
  EXPECT_EQ(sources.line({2, 1, file}), "two");
  EXPECT_EQ(sources.line({3, 1, file}), "");
}

}  // namespace
}  // namespace marty
