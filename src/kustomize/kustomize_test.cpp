#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "kustomize/build.hpp"
#include "manifest/memory_tree.hpp"
#include "manifest/yaml.hpp"

namespace marty::kustomize {
namespace {

namespace fs = std::filesystem;
using manifest::MemoryTree;
using manifest::Node;
using manifest::ScalarType;

constexpr const char* kCases = "src/kustomize/testdata";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

MemoryTree tree_of(const fs::path& root) {
  MemoryTree tree;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) tree.files[fs::relative(entry.path(), root).string()] = read(entry.path());
  }
  return tree;
}

/// The same text for the same meaning: keys sorted, numbers by value.
std::string canonical(const Node& node) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < node.size(); ++i) {
    parts.push_back(node.is_mapping() ? node.entry(i).key.text + ": " + canonical(node.entry(i).value)
                                      : canonical(node.children[i]));
  }
  if (node.is_mapping()) {
    std::sort(parts.begin(), parts.end());
    return "{" + fmt::format("{}", fmt::join(parts, ", ")) + "}";
  }
  if (node.is_sequence()) return "[" + fmt::format("{}", fmt::join(parts, ", ")) + "]";
  switch (node.type()) {
    case ScalarType::kNull:
      return "null";
    case ScalarType::kNumber:
      return fmt::format("{}", std::stod(node.text));
    case ScalarType::kString:
      return "'" + node.text + "'";
    default:
      return node.text;
  }
}

template <class Documents>
std::string canonical_lines(const Documents& documents) {
  std::string out;
  for (const auto& document : documents) out += canonical(document) + "\n";
  return out;
}

struct Run {
  SourceMap sources;
  Diagnostics found;
  Built built;

  std::string findings() const {
    std::string out;
    for (const auto& finding : found.all()) out += render(finding, sources);
    return out;
  }
  std::vector<Node> roots() const {
    std::vector<Node> out;
    for (const auto& object : built.objects) out.push_back(object.root);
    return out;
  }
};

std::unique_ptr<Run> run(MemoryTree tree, const std::string& directory) {
  auto out = std::make_unique<Run>();
  out->built = build(tree, directory, out->sources, out->found);
  return out;
}

std::vector<std::string> case_names() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kCases)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class Golden : public testing::TestWithParam<std::string> {};

/// Each folder of testdata holds a tree and what kustomize made of it, or the rule by which we refuse what it
/// refuses. tests/e2e/kustomize.sh asks the real one again.
TEST_P(Golden, IsBuiltAsKustomizeDoes) {
  const fs::path folder = fs::path(kCases) / GetParam();
  const auto result = run(tree_of(folder), fs::exists(folder / "overlay") ? "overlay" : ".");
  if (fs::exists(folder / "expected.rule")) {
    std::string rule = read(folder / "expected.rule");
    rule.pop_back();
    EXPECT_FALSE(result->built.complete);
    ASSERT_TRUE(result->found.has_errors()) << canonical_lines(result->roots());
    for (const auto& finding : result->found.all()) {
      EXPECT_EQ(finding.rule, rule) << result->findings();
      EXPECT_TRUE(finding.where.begin.known()) << result->findings();
    }
    return;
  }
  EXPECT_TRUE(result->built.complete) << result->findings();
  Diagnostics none;
  const auto expected = manifest::parse_yaml(read(folder / "expected.yaml"), 0, none);
  ASSERT_FALSE(none.has_errors());
  EXPECT_EQ(canonical_lines(result->roots()), canonical_lines(expected)) << result->findings();
}

INSTANTIATE_TEST_SUITE_P(Kustomize, Golden, testing::ValuesIn(case_names()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace marty::kustomize
