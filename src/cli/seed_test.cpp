#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "cli/test_world.hpp"

/// The requirements came with manifests that have defects. tests/data/seed keeps them, and expected.txt says
/// which finding each defect must be.
namespace marty::cli {
namespace {

constexpr const char* kSeed = "tests/data/seed";

struct Expected {
  std::string reading, file, place, rule, defect;  ///< place: "file:line"; rule "clean": nothing at all
};

std::vector<Expected> expected() {
  std::ifstream in(std::string(kSeed) + "/expected.txt");
  std::vector<Expected> all;
  for (std::string line; std::getline(in, line);) {
    Expected one;
    std::istringstream words(line);
    if (!(words >> one.reading) || one.reading.front() == '#') continue;
    words >> one.place >> one.rule >> one.defect;
    one.file = one.place.substr(0, one.place.find_first_of(":/"));
    all.push_back(one);
  }
  return all;
}

std::vector<std::string> files_of(const std::set<std::string>& numbers) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(kSeed))
    if (numbers.contains(entry.path().filename().string().substr(0, 2))) out.push_back(entry.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

/// "file:line rule" of everything validate says, and what it printed.
struct Said {
  std::set<std::string> findings;
  std::string whole;
};

Said validate(std::vector<std::string> paths) {
  TestWorld test;
  std::vector<std::string> words{"mesh", "validate", "-v", "-n", "petstore-domain", "-o", "json"};
  for (const auto& path : paths) words.push_back(test.project() + "/" + path);
  test.run(words);
  Said said{{}, test.out + test.err};
  const auto answer = nlohmann::json::parse(test.out);
  EXPECT_GT(answer["checked"], 0) << said.whole;
  for (const auto& finding : answer["findings"]) {
    auto file = finding["file"].get<std::string>();
    const auto at = file.rfind(kSeed);
    if (at != file.npos) file.erase(0, at + std::string_view(kSeed).size() + 1);
    said.findings.insert(file + ":" + std::to_string(finding["line"].get<int>()) + " " +
                         finding["rule"].get<std::string>());
  }
  return said;
}

void expect(const Said& said, const Expected& wanted) {
  if (wanted.rule == "clean")
    EXPECT_TRUE(said.findings.empty()) << wanted.place << "\n" << said.whole;
  else
    EXPECT_TRUE(said.findings.contains(wanted.place + " " + wanted.rule))
        << wanted.defect << " of " << wanted.place << " should be " << wanted.rule << "\n"
        << said.whole;
}

TEST(Seed, EachManifestAloneShowsItsDefects) {
  std::map<std::string, Said> said;
  std::set<std::string> named;
  for (const auto& wanted : expected()) {
    named.insert(wanted.file);
    if (wanted.reading != "alone") continue;
    auto& one = said[wanted.file];
    if (one.whole.empty()) one = validate({std::string(kSeed) + "/" + wanted.file});
    expect(one, wanted);
  }
  for (const auto& file : files_of({"01", "02", "03", "04", "05", "06", "07"}))
    EXPECT_TRUE(named.contains(file.substr(std::string_view(kSeed).size() + 1)))
        << file << " has no line in expected.txt";
}

TEST(Seed, AllOfOneMeshTogetherShowWhatNoneShowsAlone) {
  const auto istio = validate(files_of({"01", "03", "04", "06", "11", "12", "13", "14", "15", "20"}));
  const auto linkerd = validate(files_of({"02", "05", "07", "16", "17", "18", "19", "22"}));
  for (const auto& wanted : expected()) {
    if (wanted.reading == "istio") expect(istio, wanted);
    if (wanted.reading == "linkerd") expect(linkerd, wanted);
  }
}

}  // namespace
}  // namespace marty::cli
