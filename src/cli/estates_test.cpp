#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/test_world.hpp"
#include "io/threads.hpp"
#include "rules/analyze.hpp"

/// Well-formed applications of the kind people run, whole: what validate says about them is a false alarm.
namespace marty::cli {
namespace {

constexpr const char* kEstates = "tests/data/estates";
/// True of these estates and worth knowing; nothing to mend.
const std::set<std::string> kWorthKnowing{"header-needs-forwarding", "ratio-without-traffic"};

TEST(Estates, OfGoodOrderGetNoWarning) {
  std::size_t seen = 0;
  for (const auto& folder : std::filesystem::directory_iterator(kEstates)) {
    TestWorld test;
    const auto path = test.project() + "/" + folder.path().string();
    EXPECT_EQ(test.run({"mesh", "validate", "-v", "-o", "json", path}), exit_code::kClean) << test.out;
    const auto answer = nlohmann::json::parse(test.out);
    EXPECT_GT(answer["checked"], 20) << path;
    EXPECT_EQ(answer["skipped"], 0) << path;
    for (const auto& finding : answer["findings"]) {
      EXPECT_EQ(finding["severity"], "info") << finding.dump(2);
      EXPECT_TRUE(kWorthKnowing.contains(finding["rule"])) << finding.dump(2);
    }
    ++seen;
  }
  EXPECT_GE(seen, 3u);
}

/// Every bad example there is, as one estate.
std::string all_bad_examples() {
  std::string all;
  for (const auto* rule : rules::all_rules()) all += fmt::format("{}\n---\n", rule->bad);
  return all;
}

std::vector<std::string> findings(const std::string& text, Workers& workers) {
  SourceMap sources;
  Diagnostics found;
  auto manifests = dialect::read_manifest_text("all.yaml", text, sources, found, "default", workers);
  const auto made = rules::analyze(std::move(manifests), sources, {}, schema::Catalog{}, found, workers);
  std::vector<std::string> out;
  for (const auto& finding : found.all()) out.push_back(finding.rule + " " + render(finding, sources));
  return out;
}

TEST(Estates, AreJudgedTheSameByAnyNumberOfThreads) {
  const auto text = all_bad_examples();
  const auto alone = findings(text, one_at_a_time());
  EXPECT_GT(alone.size(), 500u);
  io::Threads threads;
  for (int round = 0; round < 5; ++round) EXPECT_EQ(findings(text, threads), alone);
}

}  // namespace
}  // namespace marty::cli
