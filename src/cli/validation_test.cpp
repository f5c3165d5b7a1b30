#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "cli/test_world.hpp"
#include "rules/page.hpp"

namespace marty::cli {
namespace {

using Json = nlohmann::json;

/// One error with a certain fix (a misspelled field), and one without: an unknown host.
constexpr const char* kRoutes = R"(# kept
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - timout: 3s  # too
    route: [{destination: {host: pets}}]
)";

TEST(Validate, FixMendsWhatIsCertainAndKeepsTheRest) {
  TestWorld test;
  test.put("routes.yaml", kRoutes);
  const auto before = test.get("routes.yaml");
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--fix", "--dry-run"}), 1) << test.out << test.err;
  EXPECT_NE(test.out.find("-  - timout: 3s  # too\n+  - timeout: 3s  # too\n"), std::string::npos)
      << test.out;
  EXPECT_EQ(test.get("routes.yaml"), before);
  test.run({"mesh", "validate", "routes.yaml", "--fix"});
  EXPECT_NE(test.get("routes.yaml").find("  - timeout: 3s  # too\n"), std::string::npos);
  EXPECT_EQ(test.get("routes.yaml").find("# kept\n"), 0u);
  EXPECT_EQ(test.out.find("timout"), std::string::npos) << test.out;
}

TEST(Validate, ABaselineKeepsQuietAboutOldDebts) {
  TestWorld test;
  test.put("routes.yaml", kRoutes);
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--write-baseline", "known.json"}), 0) << test.err;
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--baseline", "known.json"}), 0) << test.out;
  EXPECT_EQ(test.out, "");
  EXPECT_NE(test.err.find("ignored"), std::string::npos) << test.err;
  // Moved lines are the same debts; a new one is said.
  test.put("routes.yaml", std::string("# one line more\n") + kRoutes + "  tcpp: []\n");
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--baseline", "known.json"}), 1);
  EXPECT_NE(test.out.find("tcpp"), std::string::npos) << test.out;
  EXPECT_EQ(test.out.find("timout"), std::string::npos) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--baseline", "routes.yaml"}), 3);
}

TEST(Validate, ConfigAndCommentsDecide) {
  TestWorld test;
  test.put("routes.yaml", kRoutes);
  test.put(".marty.yaml", "ignore:\n- {rule: \"*\", path: routes.yaml, reason: an old one}\n");
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml"}), 0) << test.out;
  test.put(".marty.yaml",
           "ignore:\n- {rule: \"*\", path: routes.yaml, reason: old, until: \"2025-01-01\"}\n");
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml"}), 1);
  EXPECT_NE(test.out.find(".marty.yaml:2:"), std::string::npos) << test.out;
}

TEST(Validate, SarifNamesRulesPlacesAndFixes) {
  TestWorld test;
  test.put("routes.yaml", kRoutes);
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "-o", "sarif"}), 1);
  const auto run = Json::parse(test.out)["runs"][0];
  bool fixed = false;
  for (const auto& result : run["results"]) {
    EXPECT_EQ(run["tool"]["driver"]["rules"][result["ruleIndex"].get<std::size_t>()]["id"], result["ruleId"]);
    const auto& place = result["locations"][0]["physicalLocation"];
    EXPECT_EQ(place["artifactLocation"]["uri"], "routes.yaml");
    EXPECT_GT(place["region"]["startLine"].get<int>(), 1);
    fixed = fixed || result.contains("fixes");
  }
  EXPECT_TRUE(fixed) << test.out;
}

TEST(Validate, JunitHasACaseForEachFile) {
  TestWorld test;
  test.put("k8s/routes.yaml", kRoutes);
  test.put("k8s/fine.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  EXPECT_EQ(test.run({"mesh", "validate", "k8s", "-o", "junit"}), 1);
  EXPECT_NE(test.out.find("<testsuite name=\"marty validate\" tests=\"2\" failures=\"1\""), std::string::npos)
      << test.out;
  EXPECT_NE(test.out.find("<failure type=\"unknown-field\""), std::string::npos) << test.out;
}

TEST(Explain, KnowsEveryRuleAndTheHandbookIsAsGenerated) {
  TestWorld test;
  for (const auto* rule : rules::all_rules()) {
    EXPECT_EQ(test.run({"mesh", "explain", std::string(rule->id)}), 0);
    EXPECT_EQ(test.out.find(rule->id), 0u);
  }
  EXPECT_EQ(test.run({"mesh", "explain", "two-virtual-service-one-host"}), 2);
  EXPECT_NE(test.err.find("did you mean 'two-virtual-services-one-host'?"), std::string::npos) << test.err;
  std::ifstream file(test.project() + "/docs/rules.md");
  const std::string written((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(written, rules::handbook()) << "run: build/marty service-mesh explain --markdown > docs/rules.md";
}

/// Every finding names a rule that has a page: the ids are collected from the sources that report them.
TEST(Explain, HasAPageForEveryFinding) {
  static const std::regex reported(R"re((?:\b(?:error|warning|stop|Remark|add)\s*[({]\s*\{?\s*)re"
                                   R"re((?:\w+ \? "[a-z-]+"\s*: )?|\? )"([a-z]+(?:-[a-z0-9]+)+)",)re");
  const TestWorld test;
  std::set<std::string> ids;
  for (const auto& file : std::filesystem::recursive_directory_iterator(test.project() + "/src")) {
    const auto name = file.path().filename().string();
    if (!name.ends_with(".cpp") || name.ends_with("_test.cpp")) continue;
    std::ifstream stream(file.path());
    const std::string text((std::istreambuf_iterator<char>(stream)), {});
    for (std::sregex_iterator at(text.begin(), text.end(), reported), end; at != end; ++at)
      ids.insert((*at)[1]);
  }
  EXPECT_GT(ids.size(), 60u);
  for (const auto& id : ids) EXPECT_NE(rules::find_rule(id), nullptr) << id;
}

}  // namespace
}  // namespace marty::cli
