#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/command.hpp"
#include "cli/test_world.hpp"
#include "cli/version.hpp"

namespace marty::cli {
namespace {

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

std::string slurp(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Run, BareShowsExamplesFirst) {
  TestWorld test;
  EXPECT_EQ(test.run({}), 0);
  EXPECT_EQ(std::count(test.out.begin(), test.out.end(), '\n'), 6);
  EXPECT_EQ(test.out.find("  marty mesh "), 0u);
  EXPECT_EQ(test.err, "");
}

TEST(Run, TheVersionIsTheBuilds) {
  TestWorld test;
  EXPECT_EQ(test.run({"--version"}), 0);
  EXPECT_EQ(test.out, "marty " + std::string(kVersion) + "\n");
  EXPECT_TRUE(holds(slurp(test.project() + "/CMakeLists.txt"), "VERSION " + std::string(kVersion) + " "));
}

TEST(Run, EveryCommandTeachesByExample) {
  TestWorld test;
  EXPECT_EQ(test.run({"service-mesh", "--help"}), 0);
  const auto overview = test.out;
  for (const Command* command : all_commands()) {
    const std::string name(command->name);
    EXPECT_TRUE(holds(overview, "\n  " + name)) << name;
    EXPECT_FALSE(command->summary.empty()) << name;
    EXPECT_EQ(test.run({"mesh", name, "--help"}), 0) << name;
    EXPECT_TRUE(holds(test.out, " " + name + " ")) << name;
    for (const Flag* flag : command->flags) EXPECT_TRUE(holds(test.out, flag->names)) << name << flag->names;
    const auto help = test.out;
    EXPECT_EQ(test.run({"help", name}), 0);
    EXPECT_EQ(test.out, help);
    EXPECT_EQ(test.run({"service-mesh", "help", name}), 0);
    EXPECT_EQ(test.out, help);
    for (const auto line : split(command->examples, '\n'))
      EXPECT_TRUE(holds(std::string(line), "marty ")) << line;
  }
}

TEST(Run, EveryCommandFileIsInTheList) {
  TestWorld test;
  const auto list = slurp(test.project() + "/src/cli/all.inc");
  for (const auto& entry : std::filesystem::directory_iterator(test.project() + "/src/cli/commands")) {
    const auto name = entry.path().stem().string();
    if (name.ends_with("_test")) continue;
    EXPECT_TRUE(holds(list, "COMMAND(" + name + ")")) << name;
  }
}

TEST(Run, MistypedWordsAreUsageErrors) {
  struct Case {
    std::vector<std::string> words;
    const char* says;
  };
  TestWorld test;
  for (const Case& c :
       {Case{{"service-msh"}, "did you mean: marty service-mesh\n"},
        Case{{"validate"}, "did you mean: marty service-mesh validate\n"},
        Case{{"mesh", "valdiate"}, "did you mean: marty service-mesh validate\n"},
        Case{{"mesh", "quux"}, "marty service-mesh --help"},
        Case{{"mesh", "help", "valdiate"}, "did you mean: marty service-mesh validate\n"},
        Case{{"mesh", "validate", "--servce", "x"}, "did you mean --service?"},
        Case{{"mesh", "validate", ".", "-o", "yaml"}, "--output takes table, json, sarif, junit, github"},
        Case{{"mesh", "generate-overlay", "--service", "x", "--mesh", "isto"}, "did you mean istio?"},
        Case{{"mesh", "generate-overlay"}, "--service NAME"}, Case{{"mesh", "validate"}, "--service NAME"},
        Case{{"mesh", "validate", "--service", "x", "path"}, "not both"},
        Case{{"mesh", "validate", "-", "path"}, "stands alone"}, Case{{"mesh", "why", "GET"}, "URL"},
        Case{{"mesh", "why", "GET", "/"}, "--service NAME"},
        Case{{"mesh", "why", "GET", "/", "--service", "x", "-H", "nocolon"}, "'name: value'"},
        Case{{"mesh", "why", "GET", "/", "--service", "x", "--from", "shop/"}, "--from takes"},
        Case{{"mesh", "apply-policies"}, "--service NAME"}, Case{{"mesh", "status"}, "--service NAME"}}) {
    EXPECT_EQ(test.run(c.words), exit_code::kUsage) << c.says;
    EXPECT_TRUE(holds(test.err, c.says)) << test.err;
    EXPECT_EQ(test.out, "");
  }
}

TEST(Run, AServiceThatIsNotThereIsAnInputError) {
  TestWorld test;
  test.put("plugins/petstore_domain/mesh.yaml", "");
  for (const char* command : {"generate-overlay", "validate", "apply-policies", "status"}) {
    EXPECT_EQ(test.run({"mesh", command, "--service", "petstore-domian"}), exit_code::kInput) << command;
    EXPECT_TRUE(holds(test.err, "did you mean petstore-domain?")) << test.err;
    EXPECT_EQ(test.run({"mesh", command, "--file", "nowhere/mesh.yaml"}), exit_code::kInput) << command;
    EXPECT_TRUE(holds(test.err, "nowhere/mesh.yaml")) << test.err;
  }
}

TEST(Run, ClustersAreNotAskedAboutWhatIsNotFit) {
  TestWorld test;
  test.put("plugins/pets/mesh.yaml", "");
  test.put("broken/a.yaml", "kind: Service\n");
  test.put("fine.yaml", "{apiVersion: v1, kind: Service, metadata: {name: a}}\n");
  for (const char* command : {"apply-policies", "status"}) {
    EXPECT_EQ(test.run({"mesh", command, "--service", "pets"}), exit_code::kInput);
    EXPECT_TRUE(holds(test.err, "plugins/pets/mesh.yaml is not usable")) << test.err;
    EXPECT_EQ(test.run({"mesh", command, "--service", "other", "--manifests", "broken"}), exit_code::kInput);
    EXPECT_TRUE(holds(test.err, "broken/a.yaml:1")) << test.err;
    EXPECT_EQ(test.run({"mesh", command, "--service", "other", "--manifests", "nowhere"}), exit_code::kInput);
    EXPECT_TRUE(holds(test.err, "nowhere")) << test.err;
    EXPECT_EQ(test.run({"mesh", command, "--service", "Bad_Name", "--manifests", "fine.yaml"}),
              exit_code::kInput);
    EXPECT_TRUE(holds(test.err, "'Bad_Name' is no name")) << test.err;
    EXPECT_EQ(test.out, "");
  }
  EXPECT_EQ(test.run({"mesh", "apply-policies", "--service", "pets", "--timeout", "soon"}),
            exit_code::kUsage);
  EXPECT_EQ(test.run({"mesh", "apply-policies", "--service", "pets", "--dry-run=sever"}), exit_code::kUsage);
  EXPECT_TRUE(holds(test.err, "did you mean server?")) << test.err;
}

TEST(Run, ColourOnlyWhereItIsWanted) {
  struct Case {
    const char *flag, *no_color, *forced, *term;
    bool terminal, coloured;
  };
  TestWorld test;
  test.put(
      "bad.yaml",
      "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {hots: a}\n");
  for (const Case& c :
       {Case{"auto", "", "", "xterm", true, true}, Case{"auto", "", "", "xterm", false, false},
        Case{"auto", "1", "", "xterm", true, false}, Case{"auto", "", "1", "xterm", false, true},
        Case{"auto", "", "0", "xterm", false, false}, Case{"auto", "", "", "dumb", true, false},
        Case{"auto", "1", "1", "xterm", true, false}, Case{"always", "1", "", "xterm", false, true},
        Case{"never", "", "1", "xterm", true, false}}) {
    test.env = {{"NO_COLOR", c.no_color}, {"CLICOLOR_FORCE", c.forced}, {"TERM", c.term}};
    test.world.terminal.out = c.terminal;
    EXPECT_EQ(test.run({"mesh", "validate", "bad.yaml", "--color", c.flag}), exit_code::kFindings)
        << test.err;
    EXPECT_EQ(holds(test.out, "\x1b["), c.coloured) << c.flag << c.no_color << c.forced << c.term;
  }
}

}  // namespace
}  // namespace marty::cli
