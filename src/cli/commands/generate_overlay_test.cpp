#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cli/test_world.hpp"

namespace marty::cli {
namespace {

using Words = std::vector<std::string>;

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

constexpr const char* kOverlay = "plugins/petstore_domain/k8s/overlays/service-mesh-istio";
const Words kGenerate{"service-mesh", "generate-overlay", "--service", "petstore-domain", "--mesh", "istio"};

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The petstore's own mesh.yaml in an otherwise empty project.
struct GenerateOverlay : testing::Test {
  TestWorld test;
  GenerateOverlay() {
    std::filesystem::create_directories("plugins/petstore_domain");
    std::filesystem::copy_file(test.project() + "/plugins/petstore_domain/mesh.yaml",
                               "plugins/petstore_domain/mesh.yaml");
  }
  void change_mesh(const std::string& from, const std::string& to) const {
    auto text = test.get("plugins/petstore_domain/mesh.yaml");
    const auto at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    test.put("plugins/petstore_domain/mesh.yaml", text.replace(at, from.size(), to));
  }
};

TEST_F(GenerateOverlay, WritesTheTreeThenLeavesItAlone) {
  ASSERT_EQ(test.run(kGenerate), 0) << test.err;
  const auto files = test.files();
  for (const char* name : {"/kustomization.yaml", "/istio-policies.yaml"})
    EXPECT_NE(std::find(files.begin(), files.end(), kOverlay + std::string(name)), files.end()) << name;
  EXPECT_EQ(static_cast<std::size_t>(std::count(test.out.begin(), test.out.end(), '\n')), files.size() - 1);
  EXPECT_EQ(test.out.find("written "), 0u) << test.out;
  const std::string link = "plugins/petstore_domain/k8s/service-mesh/istio-policies.yaml";
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(test.get(link), test.get(kOverlay + std::string("/istio-policies.yaml")));
  EXPECT_TRUE(holds(test.err, std::string("kubectl apply -k ") + kOverlay)) << test.err;

  ASSERT_EQ(test.run(kGenerate), 0);
  EXPECT_FALSE(holds(test.out, "written")) << test.out;
  EXPECT_FALSE(holds("\n" + test.out, "\nchanged")) << test.out;
  EXPECT_EQ(test.files(), files);
  EXPECT_EQ(test.run(with(kGenerate, {"--check"})), 0);
  EXPECT_EQ(test.out, "");
  EXPECT_EQ(test.run({"service-mesh", "validate", "--service", "petstore-domain"}), 0)
      << test.out << test.err;
}

TEST_F(GenerateOverlay, BothMeshesShareOneTree) {
  auto linkerd = kGenerate;
  linkerd.back() = "linkerd";
  ASSERT_EQ(test.run(linkerd), 0) << test.err;
  EXPECT_TRUE(holds(test.err, "chaos: delay: left out")) << test.err;
  EXPECT_TRUE(holds(test.err, "service-mesh-linkerd\n")) << test.err;
  ASSERT_EQ(test.run(kGenerate), 0) << test.err;
  EXPECT_FALSE(holds("\n" + test.out, "\nchanged")) << test.out;
  EXPECT_EQ(test.run(with(linkerd, {"--check"})), 0) << test.out;
  EXPECT_EQ(test.run(with(kGenerate, {"--check"})), 0) << test.out;
  change_mesh("linkerd: \"2.19\"", "linkerd: \"2.91\"");
  const auto before = test.files();
  EXPECT_EQ(test.run(with(linkerd, {"--output", "elsewhere"})), exit_code::kInput);
  EXPECT_TRUE(holds(test.err, "mesh.yaml:")) << test.err;
  EXPECT_TRUE(holds(test.err, "such as 2.19")) << test.err;
  EXPECT_EQ(test.files(), before);
}

TEST_F(GenerateOverlay, CheckFailsOnDriftAndDiffShowsIt) {
  EXPECT_EQ(test.run(with(kGenerate, {"--check"})), exit_code::kFindings);
  EXPECT_TRUE(holds(test.out, "missing ")) << test.out;
  EXPECT_EQ(test.files().size(), 1u);
  ASSERT_EQ(test.run(kGenerate), 0);
  const auto before = test.get(kOverlay + std::string("/istio-policies.yaml"));
  change_mesh("attempts: 3", "attempts: 4");
  EXPECT_EQ(test.run(with(kGenerate, {"--check"})), exit_code::kFindings);
  EXPECT_EQ(test.out, std::string("differs    ") + kOverlay + "/istio-policies.yaml\n");
  EXPECT_EQ(test.run(with(kGenerate, {"--diff"})), 0);
  EXPECT_TRUE(holds(test.out, "attempts: 3\n+")) << test.out;
  EXPECT_EQ(test.run(with(kGenerate, {"--diff", "--check"})), exit_code::kFindings);
  EXPECT_EQ(test.get(kOverlay + std::string("/istio-policies.yaml")), before);
  EXPECT_EQ(test.run(kGenerate), 0);
  EXPECT_TRUE(holds(test.out, std::string("changed    ") + kOverlay + "/istio-policies.yaml\n")) << test.out;
}

TEST_F(GenerateOverlay, AnOverlayElsewhereStandsAlone) {
  const auto before = test.files();
  ASSERT_EQ(test.run(with(kGenerate, {"--output", "./overlays/istio"})), 0) << test.err;
  EXPECT_TRUE(test.has("overlays/istio/kustomization.yaml"));
  for (const auto& file : test.files()) {
    const bool own = file.starts_with("overlays/istio/");
    EXPECT_TRUE(own || std::find(before.begin(), before.end(), file) != before.end()) << file;
  }
  EXPECT_FALSE(holds(test.get("overlays/istio/kustomization.yaml"), "../"));
  EXPECT_EQ(test.run({"service-mesh", "validate", "overlays/istio"}), 0) << test.out << test.err;
}

TEST_F(GenerateOverlay, FlagsOverruleTheFileAndTheTreeSaysSo) {
  const Words flags{"--output", "prod", "--environment", "production", "--mtls", "permissive"};
  ASSERT_EQ(test.run(with(kGenerate, flags)), 0) << test.err;
  EXPECT_TRUE(holds(test.err, "chaos rule(s) left out")) << test.err;
  const auto text = test.get("prod/istio-policies.yaml");
  EXPECT_TRUE(holds(text, "--mesh istio --mtls permissive --environment production\n")) << text;
  EXPECT_FALSE(holds(text, "fault:"));
  EXPECT_TRUE(holds(text, "mode: PERMISSIVE"));
  EXPECT_EQ(test.run(with(kGenerate, with(flags, {"--check"}))), 0) << test.out;
  EXPECT_EQ(test.run(with(kGenerate, {"--output", "prod", "--check"})), exit_code::kFindings);
  EXPECT_TRUE(holds(test.err, "this overlay injects faults")) << test.err;
  EXPECT_EQ(test.run(with(kGenerate, {"--mtls", "off"})), exit_code::kUsage);
}

TEST_F(GenerateOverlay, AWrongPolicyFileWritesNothing) {
  change_mesh("attempts:", "atempts:");
  EXPECT_EQ(test.run(kGenerate), exit_code::kInput);
  EXPECT_TRUE(holds(test.err, "plugins/petstore_domain/mesh.yaml:")) << test.err;
  EXPECT_TRUE(holds(test.err, "'attempts'")) << test.err;
  EXPECT_TRUE(holds(test.err, "nothing was written")) << test.err;
  EXPECT_EQ(test.out, "");
  EXPECT_EQ(test.files(), Words{"plugins/petstore_domain/mesh.yaml"});
}

TEST_F(GenerateOverlay, ABlockedPathWritesNothing) {
  test.put("overlays", "a file where a folder has to be\n");
  EXPECT_EQ(test.run(with(kGenerate, {"--output", "overlays/istio"})), exit_code::kEnvironment) << test.err;
  EXPECT_TRUE(holds(test.err, "overlays")) << test.err;
  EXPECT_EQ(test.files(), (Words{"overlays", "plugins/petstore_domain/mesh.yaml"}));
}

TEST_F(GenerateOverlay, TheTextDoesNotDependOnTheWorkingDirectory) {
  ASSERT_EQ(test.run(kGenerate), 0) << test.err;
  std::filesystem::current_path("plugins/petstore_domain");
  test.world.cwd += "/plugins/petstore_domain";
  EXPECT_EQ(test.run(with(kGenerate, {"--check"})), 0) << test.out;
  EXPECT_EQ(test.run({"mesh", "generate-overlay", "--file", "mesh.yaml", "--check"}), 0)
      << test.out << test.err;
}

}  // namespace
}  // namespace marty::cli
