#include "monitoring/rules.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "monitoring/monitoring.hpp"
#include "monitoring/test_shop.hpp"

namespace marty::monitoring {
namespace {

using mesh::MeshKind;

/// promtool where the setup unpacks it, or where the system has it; empty: nowhere.
std::string promtool() {
  for (const std::string place : {".cache/bin/promtool", "promtool"})
    if (std::system((place + " --version >/dev/null 2>&1").c_str()) == 0) return place;
  return {};
}

struct Verdict {
  int status = 0;
  std::string said;
};
Verdict run(const std::string& command) {
  auto* pipe = popen((command + " 2>&1").c_str(), "r");
  std::string said;
  std::array<char, 4096> chunk;
  while (const auto n = std::fread(chunk.data(), 1, chunk.size(), pipe)) said.append(chunk.data(), n);
  return {pclose(pipe), said};
}

void put(const std::string& path, const std::string& text) {
  auto* file = std::fopen(path.c_str(), "w");
  ASSERT_TRUE(file) << path;
  ASSERT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
  std::fclose(file);
}

/// The rules and their tests as files in a directory of their own.
struct OnDisk {
  std::string folder, rules, tests;
  OnDisk(const mesh::PolicyFile& file, MeshKind mesh) {
    folder = testing::TempDir() + "marty_rules_" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
    std::ignore = run("mkdir -p " + folder);
    rules = fmt::format("{}/{}.rules.yaml", folder, to_string(mesh));
    tests = fmt::format("{}/{}.rules.test.yaml", folder, to_string(mesh));
    put(rules, rule_file(file, mesh, ""));
    put(tests, rule_tests(file, mesh, ""));
  }
  ~OnDisk() { std::ignore = run("rm -r " + folder); }
};

void passes(const mesh::PolicyFile& file, MeshKind mesh) {
  const auto tool = promtool();
  if (tool.empty()) GTEST_SKIP() << "promtool is not here (./dev setup); the rules were NOT tested by it";
  const OnDisk disk(file, mesh);
  const auto checked = run(tool + " check rules " + disk.rules);
  EXPECT_EQ(checked.status, 0) << checked.said;
  const auto tested = run(tool + " test rules " + disk.tests);
  EXPECT_EQ(tested.status, 0) << tested.said;
}

TEST(Promtool, Istio) { passes(shop(), MeshKind::kIstio); }
TEST(Promtool, Linkerd) { passes(shop(), MeshKind::kLinkerd); }
TEST(Promtool, LinkerdWithServiceProfile) {
  auto file = shop();
  file.target.linkerd_api = {"serviceprofile"};
  passes(file, MeshKind::kLinkerd);
}
TEST(Promtool, OtherGoals) {
  auto file = shop();
  auto& o = file.observability;
  o.alerts.error_rate->above = {"0.5%"};
  o.alerts.success->below = {"50%"};
  o.alerts.p99->above = {750ms};  // between two bounds
  o.alerts.breaker_open->hold = {30s};
  o.slo->availability = {"95%"};
  o.slo->window = {"7d"};
  passes(file, MeshKind::kIstio);
}
TEST(Promtool, NothingAskedFor) {
  auto file = shop();
  file.observability = {};
  for (const auto mesh : {MeshKind::kIstio, MeshKind::kLinkerd}) passes(file, mesh);
  EXPECT_EQ(runbook(file, MeshKind::kIstio, ""), "");
}

mesh::PolicyFile::Slo slo(const char* availability, const char* window) {
  mesh::PolicyFile::Slo made;
  made.availability = {availability};
  made.window = {window};
  return made;
}

TEST(BurnPairs, AsTheWorkbookHasThem) {
  const auto pairs = burn_pairs(slo("99.9%", "30d"), 0.001);
  ASSERT_EQ(pairs.size(), 4u);
  EXPECT_DOUBLE_EQ(pairs[0].factor, 14.4);
  EXPECT_DOUBLE_EQ(pairs[1].factor, 6);
  EXPECT_DOUBLE_EQ(pairs[2].factor, 3);
  EXPECT_DOUBLE_EQ(pairs[3].factor, 1);
  EXPECT_EQ(pairs[0].long_window + pairs[0].short_window, "1h5m");
  EXPECT_EQ(pairs[3].long_window + pairs[3].short_window, "3d6h");
}

TEST(BurnPairs, OnlyThoseThatCanFireAndMatter) {
  for (const auto& pair : burn_pairs(slo("90%", "30d"), 0.1)) EXPECT_LT(pair.factor * 0.1, 1);
  EXPECT_EQ(burn_pairs(slo("90%", "30d"), 0.1).size(), 3u);
  for (const auto& pair : burn_pairs(slo("99.9%", "7d"), 0.001)) EXPECT_GE(pair.factor, 1);
  EXPECT_EQ(burn_pairs(slo("99.9%", "7d"), 0.001).size(), 2u);
}

TEST(Rules, EveryAlertLastsTwoScrapesAndSaysWhatToDo) {
  for (const auto& [file, mesh] : shops()) {
    const auto page = runbook(file, mesh, "");
    for (const auto& group : rule_groups(file, mesh)) {
      for (const auto& rule : group.rules) {
        if (rule.alert.empty()) continue;
        EXPECT_GE(rule.hold, 2 * kScrapeInterval) << rule.alert;
        EXPECT_EQ(rule.annotations.size(), 4u) << rule.alert;
        EXPECT_NE(page.find("\n## " + rule.alert + "\n"), page.npos) << rule.alert;
      }
    }
  }
}

TEST(PromDuration, TheLargestUnitThatIsExact) {
  EXPECT_EQ(prom_duration(15s), "15s");
  EXPECT_EQ(prom_duration(90s), "90s");
  EXPECT_EQ(prom_duration(2min), "2m");
  EXPECT_EQ(prom_duration(72h), "3d");
  EXPECT_EQ(prom_duration(1500ms), "1500ms");
}

}  // namespace
}  // namespace marty::monitoring
