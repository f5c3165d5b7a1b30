#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/test_world.hpp"

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

}  // namespace
}  // namespace marty::cli
