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

constexpr const char* kService = R"(apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
)";

TEST(Validate, ClustersAreEachForItselfAndThenSideBySide) {
  TestWorld test;
  const std::vector<std::string> both{"mesh", "validate", "--cluster", "east=east", "--cluster", "west=west"};
  test.put("east/pets.yaml", kService);
  test.put("west/pets.yaml", kService);
  EXPECT_EQ(test.run(both), 0) << test.out;
  EXPECT_EQ(test.out, "");
  EXPECT_EQ(test.err, "0 errors, 0 warnings in 2 objects\n");

  test.put("west/pets.yaml", std::regex_replace(kService, std::regex("name: http"), "name: tcp"));
  EXPECT_EQ(test.run(both), 0) << test.out;  // a warning
  EXPECT_EQ(test.out.find("west/pets.yaml:6:5: warning: port 80 of 'pets' is tcp in west, and http in east"),
            0u)
      << test.out;
  EXPECT_NE(test.out.find("note: east/pets.yaml:6:5: in east"), std::string::npos) << test.out;
  auto strict = both;
  strict.insert(strict.end(), {"--fail-on", "warning"});
  EXPECT_EQ(test.run(strict), 1);

  test.put("east/routes.yaml", kRoutes);  // wrong by itself
  EXPECT_EQ(test.run(both), 1);
  EXPECT_NE(test.out.find("east/routes.yaml:8:5: error"), std::string::npos) << test.out;
}

TEST(Validate, OneClusterMayHaveSeveralPaths) {
  TestWorld test;
  test.put("base.yaml", kService);
  test.put("west.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n");
  EXPECT_EQ(test.run({"mesh", "validate", "--cluster", "east=base.yaml", "--cluster", "west=base.yaml",
                      "--cluster", "west=west.yaml"}),
            0)
      << test.err;
  EXPECT_EQ(test.err, "0 errors, 0 warnings in 3 objects\n");
}

TEST(Validate, ClustersThatCannotBeCompared) {
  TestWorld test;
  test.put("east.yaml", kService);
  const auto refused = [&](std::vector<std::string> words, std::string_view says) {
    words.insert(words.begin(), {"mesh", "validate"});
    EXPECT_EQ(test.run(words), 2) << says;
    EXPECT_NE(test.err.find(says), std::string::npos) << test.err;
  };
  refused({"--cluster", "east=east.yaml"}, "give --cluster again");
  refused({"--cluster", "east=east.yaml", "--cluster", "east=east.yaml"}, "give --cluster again");
  refused({"--cluster", "east.yaml", "--cluster", "west=east.yaml"}, "NAME=PATH");
  refused({"--cluster", "a=-", "--cluster", "b=east.yaml"}, "not -");
  refused({"--cluster", "a=east.yaml", "--cluster", "b=east.yaml", "east.yaml"}, "no paths");
  refused({"--cluster", "a=east.yaml", "--cluster", "b=east.yaml", "--live"}, "no --live");
  EXPECT_EQ(test.run({"mesh", "validate", "--cluster", "a=east.yaml", "--cluster", "b=nowhere.yaml"}), 3);
  EXPECT_NE(test.err.find("nowhere.yaml"), std::string::npos) << test.err;
}

/// The petstore's policy file, with some text replaced, and its overlays for both meshes.
void generate_petstore(TestWorld& test, const char* from = "", const char* to = "") {
  std::ifstream file(test.project() + "/plugins/petstore_domain/mesh.yaml");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (*from != 0) {
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), std::string_view(from).size(), to);
  }
  test.put("plugins/petstore_domain/mesh.yaml", text);
  for (const auto* mesh : {"istio", "linkerd"})
    ASSERT_EQ(test.run({"mesh", "generate-overlay", "--service", "petstore-domain", "--mesh", mesh}), 0)
        << test.err;
}

/// What one of the meshes has no words for is no finding.
TEST(Validate, WhatIsGeneratedForBothMeshesMeansTheSame) {
  constexpr std::pair<const char*, const char*> kChanges[] = {
      {"", ""},
      {"mtls: strict", "mtls: permissive"},
      {"linkerd: \"2.19\"", "linkerd: \"2.16\""},
      {"linkerd: \"2.19\"", "linkerd: \"2.19\"\n    linkerdApi: serviceprofile"},
      {"split: {v1: 90, v2: 10}", "split: {v1: 67, v2: 33}"},
      {"gateway-error]", "reset, retriable-4xx]"},
      {"every: 60s\n", "every: 1s\n"},
      {"- name: health", "- name: other"},
  };
  for (const auto& [from, to] : kChanges) {
    TestWorld test;
    generate_petstore(test, from, to);
    test.run({"mesh", "validate", "--service", "petstore-domain"});
    EXPECT_EQ(test.out.find("[meshes-differ"), std::string::npos) << from << test.out;
    EXPECT_EQ(test.err.find("0 errors"), 0u) << from << test.out << test.err;
  }
}

TEST(Validate, OverlaysOfOneServiceMeanTheSame) {
  TestWorld test;
  generate_petstore(test);
  const std::vector<std::string> validate{"mesh", "validate", "--service", "petstore-domain"};
  EXPECT_EQ(test.run(validate), 0) << test.out;
  EXPECT_EQ(test.out, "");

  const std::string overlay = "plugins/petstore_domain/k8s/overlays/service-mesh-linkerd/";
  const auto change = [&](const std::string& name, const char* from, const char* to) {
    const auto before = test.get(overlay + name);
    test.put(overlay + name, std::regex_replace(before, std::regex(from), to));
    EXPECT_EQ(test.run(validate), 0) << test.out;
    EXPECT_NE(test.err.find(" 1 warning in "), std::string::npos) << test.out << test.err;
    const auto said = test.out;
    test.put(overlay + name, before);
    return said;
  };
  const auto has = [](const std::string& said, const char* part) {
    EXPECT_NE(said.find(part), std::string::npos) << said;
  };
  has(change("service-patch.yaml", "request: 10s", "request: 20s"),
      "wait 20s for GET / under Linkerd, and 10s under Istio [meshes-differ-in-timeout]");
  has(change("linkerd-policies.yaml", "limit: \"3\"", "limit: \"5\""),
      "sent again up to 5 times after 502-504, 2s for each try under Linkerd, and sent again up to 3 times");
  has(change("linkerd-policies.yaml", "requestsPerSecond: 200", "requestsPerSecond: 900"),
      "[meshes-differ-in-rate-limit]");
  has(change("linkerd-policies.yaml", "  - petstore-client\\..*", ""),
      "by petstore-domain/petstore-client: let in under Istio, refused under Linkerd");
}

TEST(Validate, AnUpgradeIsLookedUp) {
  TestWorld test;
  test.put("routes.yaml", std::string(kService) + R"(---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http: [{retries: {attempts: 3}, route: [{destination: {host: pets}}]}]
)");
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--fail-on", "warning"}), 0) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--upgrade", "1.23", "--fail-on", "warning"}), 1);
  EXPECT_NE(test.out.find("from Istio 1.24 on without retryOn"), std::string::npos) << test.out;
  EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--upgrade", "1.24..1.30", "--fail-on", "warning"}),
            0)
      << test.out;
  for (const auto* wrong : {"1.28..1.22", "2.18", "soon"})
    EXPECT_EQ(test.run({"mesh", "validate", "routes.yaml", "--upgrade", wrong}), 2) << wrong;
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
