#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <utility>

#include "rules/analyze.hpp"
#include "rules/comparison.hpp"

/// The examples on every rule's page are its golden cases: what it must find, and what nobody may find.
namespace marty::rules {
namespace {

struct Seen {
  Diagnostics found;
  SourceMap sources;
};

constexpr std::string_view kSide = "# === ";

/// The sides of an example, each on its own lines of the whole; one that compares nothing is one side.
std::vector<std::string> sides_of(std::string_view example) {
  std::vector<std::string> sides(1);
  std::size_t lines = 0;
  while (!example.empty()) {
    const auto line = example.substr(0, std::min(example.find('\n'), example.size() - 1) + 1);
    if (line.starts_with(kSide) && ++lines > 0)
      sides.emplace_back(lines - 1, '\n');
    else
      ++lines;
    sides.back() += line;
    example.remove_prefix(line.size());
  }
  if (sides.size() > 1) sides.erase(sides.begin());
  return sides;
}

/// What `validate` would be called with: an example may begin with "# validate --upgrade 1.20".
Settings settings_of(std::string_view example) {
  constexpr std::string_view kUpgrade = "\n# validate --upgrade ";
  Settings settings;
  if (example.starts_with(kUpgrade))
    settings.upgrade_from = example.substr(kUpgrade.size(), example.find('\n', 1) - kUpgrade.size());
  return settings;
}

Seen look(std::string_view example) {
  Seen seen;
  std::vector<std::unique_ptr<const Analysis>> all;
  for (auto& side : sides_of(example))
    all.push_back(
        analyze(dialect::read_manifest_text("example.yaml", std::move(side), seen.sources, seen.found),
                seen.sources, settings_of(example), schema::Catalog{}, seen.found));
  const auto of =
      example.find("# === cluster") == example.npos ? Comparison::Of::kOverlays : Comparison::Of::kClusters;
  Comparison comparison{of, {}};
  for (auto at = example.find(kSide); at != example.npos; at = example.find(kSide, at + 1)) {
    const auto line = example.substr(at, example.find('\n', at) - at);
    comparison.sides.push_back(
        {std::string(line.substr(line.rfind(' ') + 1)), *all[comparison.sides.size()]->estate});
  }
  compare_all(comparison, seen.found);
  return seen;
}

std::set<std::uint32_t> marked(std::string_view example) {
  std::set<std::uint32_t> lines;
  std::uint32_t line = 1;
  while (!example.empty()) {
    const auto end = std::min(example.find('\n'), example.size());
    if (example.substr(0, end).find("# <<") != example.npos) lines.insert(line);
    example.remove_prefix(std::min(end + 1, example.size()));
    ++line;
  }
  return lines;
}

/// Findings of readers that take more than a manifest to show (a folder, a policy file) have no example.
std::vector<const Rule*> with_examples() {
  std::vector<const Rule*> out;
  for (const auto* rule : all_rules()) {
    if (rule->check != nullptr || rule->compare != nullptr || !rule->bad.empty()) out.push_back(rule);
  }
  return out;
}

class EveryRule : public testing::TestWithParam<const Rule*> {};
class EveryExample : public EveryRule {};

TEST_P(EveryExample, FindsWhatItsBadExampleMarks) {
  const auto seen = look(GetParam()->bad);
  std::set<std::uint32_t> lines;
  std::string all;
  for (const auto& finding : seen.found.all()) {
    all += render(finding, seen.sources);
    if (finding.rule == GetParam()->id) lines.insert(finding.where.begin.line);
  }
  EXPECT_EQ(lines, marked(GetParam()->bad)) << all;
  EXPECT_FALSE(lines.empty()) << all;
}

TEST_P(EveryExample, IsSilentOnItsGoodExampleAndSoIsEveryOther) {
  const auto seen = look(GetParam()->good);
  for (const auto& finding : seen.found.all())
    EXPECT_LT(finding.severity, Severity::kWarning) << render(finding, seen.sources);
}

/// Without these a document is no object, and no OpenAPI document.
bool needed_to_be_read(std::string_view key) {
  return key == "apiVersion" || key == "kind" || key == "openapi" || key == "paths";
}

/// Calls `then` with each value below a node taken away, and with each turned into a text.
void break_each(Node& node, const std::function<void()>& then, bool is_root = false) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (node.is_mapping() && i % 2 == 0) continue;
    if (is_root && needed_to_be_read(node.children[i - 1].text)) continue;
    const Node text = Node::string("x", node.children[i].origin);
    Node value = std::exchange(node.children[i], text);
    then();
    node.children[i] = std::move(value);
    break_each(node.children[i], then);
    const auto first = node.children.begin() + static_cast<std::ptrdiff_t>(node.is_mapping() ? i - 1 : i);
    const auto last = node.children.begin() + static_cast<std::ptrdiff_t>(i + 1);
    const std::vector<Node> taken(first, last);
    node.children.erase(first, last);
    then();
    node.children.insert(node.children.begin() + static_cast<std::ptrdiff_t>(node.is_mapping() ? i - 1 : i),
                         taken.begin(), taken.end());
  }
}

/// A manifest may say anything anywhere, and leave out anything: rules look before they read.
TEST_P(EveryExample, IsNoTrapWhenAPartIsMissingOrOfAnotherShape) {
  SourceMap sources;
  Diagnostics ignored;
  auto manifests =
      dialect::read_manifest_text("example.yaml", std::string(GetParam()->bad), sources, ignored);
  const schema::Catalog catalog;
  const auto look_again = [&] {
    Diagnostics found;
    analyze(manifests, sources, {}, catalog, found);
  };
  for (auto& resource : manifests.resources) break_each(resource.root, look_again, true);
  for (auto& api : manifests.apis) break_each(api, look_again, true);
}

/// What is found out about a name may be true of another object of that name.
TEST_P(EveryExample, IsNoTrapBesideAnEmptyObjectOfTheSameName) {
  SourceMap sources;
  Diagnostics ignored;
  const auto manifests =
      dialect::read_manifest_text("example.yaml", std::string(GetParam()->bad), sources, ignored);
  for (const bool first : {true, false})
    for (const auto& resource : manifests.resources) {
      auto both = manifests;
      auto twin = resource;
      twin.root = Node::mapping();
      twin.root.add("apiVersion", Node::string(*resource.api_version));
      twin.root.add("kind", Node::string(*resource.kind));
      twin.root.add("metadata", Node::mapping()).add("name", Node::string(*resource.name));
      both.resources.insert(first ? both.resources.begin() : both.resources.end(), std::move(twin));
      Diagnostics found;
      analyze(both, sources, {}, schema::Catalog{}, found);
    }
}

TEST_P(EveryRule, SaysWhyAndHowToMendIt) {
  const auto& rule = *GetParam();
  EXPECT_GE(rule.why.size(), 60u);
  EXPECT_FALSE(rule.title.empty() || rule.title.ends_with('.'));
  EXPECT_EQ(find_rule(rule.id), &rule);
}

std::string name_of(const testing::TestParamInfo<const Rule*>& test) {
  std::string name(test.param->id);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Catalog, EveryRule, testing::ValuesIn(all_rules().begin(), all_rules().end()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Catalog, EveryExample, testing::ValuesIn(with_examples()), name_of);

}  // namespace
}  // namespace marty::rules
