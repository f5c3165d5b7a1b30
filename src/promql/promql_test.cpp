#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "promql/syntax.hpp"
#include "promql/test_corpus.hpp"

namespace marty::promql {
namespace {

TEST(PromQL, TakesWhatPrometheusTakes) {
  for (const auto text : kValid) {
    const auto parsed = parse(text);
    EXPECT_TRUE(parsed) << text << "\n" << parsed.problem->at << ": " << parsed.problem->message;
  }
}

TEST(PromQL, RefusesWhatPrometheusRefuses) {
  for (const auto text : kInvalid) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_LE(parsed.problem->at, text.size()) << text;
    EXPECT_FALSE(parsed.problem->message.empty()) << text;
  }
}

/// The tree, every node in parentheses.
std::string shape(const Expr& expr) {
  std::string out = "(" + expr.name;
  for (const auto& child : expr.children) out += " " + shape(child);
  return out + ")";
}

TEST(PromQL, OperatorsBindAsInPrometheus) {
  EXPECT_EQ(shape(parse("a + b * c ^ d ^ e").root), "(+ (a) (* (b) (^ (c) (^ (d) (e)))))");
  EXPECT_EQ(shape(parse("-a ^ b * c").root), "(* (- (^ (a) (b))) (c))");
  EXPECT_EQ(shape(parse("a or b and c unless d > e - f").root),
            "(or (a) (unless (and (b) (c)) (> (d) (- (e) (f)))))");
}

TEST(PromQL, KnowsWhereEverythingStands) {
  const std::string_view text = "sum by (app) (rate(x_total{code=\"5\"}[5m]))";
  const auto sum = parse(text).root;
  ASSERT_EQ(sum.kind, Expr::Kind::kAggregation);
  EXPECT_EQ(text.substr(sum.labels.at(0).at, 3), "app");
  const auto& range = sum.children.at(0).children.at(0);
  EXPECT_EQ(text.substr(range.at, range.end - range.at), "x_total{code=\"5\"}[5m]");
  EXPECT_EQ(range.seconds, 300);
  EXPECT_EQ(text.substr(range.children.at(0).matchers.at(0).at, 4), "code");
  EXPECT_EQ(parse("sum(up) +\n  nosuch(up)").problem->at, 12u);
}

TEST(PromQL, ReadsGrafanasVariables) {
  for (const std::string_view text :
       {"rate(x{app=\"$app\"}[$__rate_interval])", "topk($n, x)",
        "sum by ($label, [[other]]) (${metric}_total)", "x{$filters, a=\"b\"}", "x offset $shift",
        "rate(x[[[range]]])", "$aggregation by (a) (x) > $limit", "job:${kind:raw}:rate{a=\"b\"}[5m]",
        "rate(x[${n}m])"}) {
    const auto parsed = parse(text, Dialect::kGrafana);
    EXPECT_TRUE(parsed) << text << "\n" << parsed.problem->at << ": " << parsed.problem->message;
    EXPECT_TRUE(text.find("\"$app\"") != text.npos || !parse(text)) << text;
  }
}

TEST(PromQL, HasBounds) {
  EXPECT_FALSE(parse(std::string(100000, '(')));
  EXPECT_FALSE(parse(std::string(1000, '(') + "1" + std::string(1000, ')')));
  EXPECT_FALSE(parse(std::string(60000, '-') + "1"));
  std::string chain = "a";
  for (int i = 0; i < 1000; ++i) chain += "+a";
  EXPECT_FALSE(parse(chain));
  EXPECT_TRUE(parse(std::string(100, '(') + "1" + std::string(100, ')')));
}

/// Every prefix, and every text with one byte lost or replaced: no crash, offsets inside.
TEST(PromQL, SurvivesDamage) {
  const auto run = [](const std::string& text) {
    for (const auto dialect : {Dialect::kPrometheus, Dialect::kGrafana}) {
      const auto parsed = parse(text, dialect);
      ASSERT_LE(parsed ? parsed.root.end : parsed.problem->at, text.size()) << text;
    }
  };
  for (const auto whole : kValid) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      run(std::string(whole.substr(0, i)));
      std::string less(whole);
      run(less.erase(i, 1));
      for (const char c : std::string_view("(){}[]\"'`$:@^-,#\\\0\xff", 19)) {
        std::string other(whole);
        other[i] = c;
        run(other);
      }
    }
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text)
    out += c == '"' || c == '\\' ? std::string("\\") + c : c == '\n' ? "\\n" : std::string(1, c);
  return out + "\"";
}

/// promtool names the rules it refuses; one run judges the whole corpus.
TEST(PromQL, AgreesWithPromtool) {
  const char* promtool = std::ifstream(".cache/bin/promtool") ? ".cache/bin/promtool" : "promtool";
  if (std::system((std::string(promtool) + " --version >/dev/null 2>&1").c_str()) != 0)
    GTEST_SKIP() << "no promtool in .cache/bin or PATH: nobody compared our reading with Prometheus'";
  const std::string file = testing::TempDir() + "promql_corpus.rules.yaml";
  std::ofstream out(file);
  out << "groups:\n- name: corpus\n  rules:\n";
  const auto rule = [&](std::string_view name, std::size_t i, std::string_view text) {
    out << "  - {alert: " << name << i << "_, expr: " << quoted(text) << "}\n";
  };
  for (std::size_t i = 0; i < std::size(kValid); ++i) rule("valid", i, kValid[i]);
  for (std::size_t i = 1; i < std::size(kInvalid); ++i) rule("invalid", i, kInvalid[i]);  // 0: no expr at all
  out.close();
  std::FILE* pipe = popen((std::string(promtool) + " check rules " + file + " 2>&1").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string said;
  for (char part[4096]; const auto n = std::fread(part, 1, sizeof part, pipe);) said.append(part, n);
  pclose(pipe);
  std::remove(file.c_str());
  for (std::size_t i = 0; i < std::size(kValid); ++i)
    EXPECT_EQ(said.find("\"valid" + std::to_string(i) + "_\""), said.npos) << kValid[i];
  for (std::size_t i = 1; i < std::size(kInvalid); ++i)
    EXPECT_NE(said.find("\"invalid" + std::to_string(i) + "_\""), said.npos) << kInvalid[i];
  if (HasFailure()) std::puts(said.c_str());
}

}  // namespace
}  // namespace marty::promql
