#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/test_world.hpp"

namespace marty::cli {
namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

bool holds(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

/// The petstore as generated from its own mesh.yaml.
struct Why : testing::Test {
  TestWorld test;
  Why() {
    std::filesystem::create_directories("plugins/petstore_domain");
    for (const char* file : {"/plugins/petstore_domain/mesh.yaml", "/plugins/petstore_domain/local.yaml"})
      std::filesystem::copy_file(test.project() + file, test.directory() + file);
    EXPECT_EQ(test.run({"mesh", "generate-overlay", "--service", "petstore-domain"}), 0) << test.err;
  }
  int why(const Words& words) {
    Words all{"service-mesh", "why", "--service", "petstore-domain"};
    all.insert(all.end(), words.begin(), words.end());
    return test.run(all);
  }
  Json ask(Words words) {
    words.insert(words.end(), {"-o", "json"});
    why(words);
    return Json::parse(test.out, nullptr, false);
  }
};

constexpr const char* kPets = "/api/petstore-domain/pets";

TEST_F(Why, AReadIsSplitAndEveryStepHasItsLine) {
  ASSERT_EQ(why({"GET", kPets}), 0) << test.out << test.err;
  EXPECT_TRUE(
      holds(test.out, "GET http://petstore-domain-service.petstore-domain:8080/api/petstore-domain/pets\n"));
  EXPECT_TRUE(holds(test.out, "\nlines are in plugins/petstore_domain/k8s/overlays/service-mesh-istio/\n"))
      << test.out;
  EXPECT_TRUE(holds(test.out, "  istio-policies.yaml:")) << test.out;
  const auto told = ask({"GET", kPets});
  ASSERT_EQ(told["branches"].size(), 2u) << test.out;
  EXPECT_EQ(told["branches"][0]["percent"], 90);
  EXPECT_EQ(told["branches"][1]["percent"], 10);
  EXPECT_TRUE(told["refusedWith"].is_null());
  for (const auto& sentence : told["client"]) {
    EXPECT_FALSE(sentence["place"].get<std::string>().empty()) << sentence;
    if (sentence["line"].is_null()) continue;
    EXPECT_TRUE(holds(sentence["place"].get<std::string>(), ":" + to_string(sentence["line"])));
  }
}

TEST_F(Why, TheCanaryHeaderDecides) {
  for (const char* header : {"canary: true", "Canary:true", "canary:  true  "}) {
    const auto told = ask({"GET", kPets, "-H", header});
    ASSERT_EQ(told["branches"].size(), 1u) << header << test.out << test.err;
    EXPECT_TRUE(holds(told["branches"][0]["destination"], "|v2|")) << test.out;
    EXPECT_EQ(told["branches"][0]["percent"], 100);
  }
}

TEST_F(Why, AStrangerIsRefused) {
  EXPECT_EQ(why({"DELETE", "/api/petstore-domain/pets/1", "--from", "elsewhere/stranger"}),
            exit_code::kFindings)
      << test.out << test.err;
  EXPECT_TRUE(holds(test.out, "refused with 403")) << test.out;
  EXPECT_TRUE(holds(test.out, "from spiffe://cluster.local/ns/elsewhere/sa/stranger")) << test.out;
  EXPECT_EQ(ask({"DELETE", "/api/petstore-domain/pets/1", "--from", "elsewhere/stranger"})["refusedWith"],
            403);
}

TEST_F(Why, AnswersAreTheSameFromTheManifestsAlone) {
  const auto by_service = ask({"GET", kPets});
  EXPECT_EQ(test.run({"mesh", "why", "GET",
                      std::string("http://petstore-domain-service.petstore-domain:8080") + kPets,
                      "--manifests", "plugins/petstore_domain/k8s/overlays/service-mesh-istio", "--local",
                      "plugins/petstore_domain/local.yaml", "-o", "json"}),
            0)
      << test.err;
  EXPECT_EQ(Json::parse(test.out)["branches"].size(), by_service["branches"].size());
}

TEST_F(Why, QuestionsThatCannotBeAsked) {
  EXPECT_EQ(why({"GET", "http://x:notaport/"}), exit_code::kUsage);
  EXPECT_TRUE(holds(test.err, "'notaport' is no port")) << test.err;
  EXPECT_EQ(why({"GET", "https://x/"}), exit_code::kUsage);
  EXPECT_EQ(why({"GET", "/%00"}), exit_code::kUsage);
  EXPECT_EQ(why({"GET", "/", "--manifests", "nowhere"}), exit_code::kInput);
  EXPECT_TRUE(holds(test.err, "nowhere")) << test.err;
  EXPECT_EQ(why({"GET", "/", "--mesh", "linkerd"}), exit_code::kInput);
  EXPECT_TRUE(holds(test.err, "generate-overlay writes it")) << test.err;
  test.put("bad/rule.yaml",
           "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\n"
           "spec: {hots: a}\n");
  EXPECT_EQ(why({"GET", "/", "--manifests", "bad"}), exit_code::kInput);
  EXPECT_TRUE(holds(test.err, "bad/rule.yaml:4:8: error: ")) << test.err;
  EXPECT_EQ(test.out, "");
}

}  // namespace
}  // namespace marty::cli
