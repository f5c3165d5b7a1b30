#include "manifest/yaml_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace marty::manifest {

namespace {

constexpr std::size_t kFindingsPerMapping = 20;
constexpr std::size_t kFewKeys = 12;  // below it comparing all pairs is cheaper than a hash table

/// For each entry whether a later one has its key; empty when all keys differ.
std::vector<bool> overruled_entries(const Node& mapping, Diagnostics& found) {
  std::vector<bool> overruled;
  std::size_t findings = 0;
  const auto report = [&](std::size_t before, std::size_t now) {
    overruled.resize(mapping.size());
    overruled[before] = true;
    if (findings++ >= kFindingsPerMapping) return;
    const Node& key = mapping.children[2 * now];
    auto& finding = found.error("duplicate-key", key.range(),
                                fmt::format("the key '{}' appears twice; the last one counts", key.text));
    Note& note = finding.notes.emplace_back();
    note.where = mapping.children[2 * before].range();
    note.text = "first written here";
  };
  if (mapping.size() <= kFewKeys) {
    for (std::size_t now = 1; now < mapping.size(); ++now) {
      for (std::size_t before = now; before-- > 0;) {
        if (mapping.children[2 * before].text != mapping.children[2 * now].text) continue;
        report(before, now);
        break;
      }
    }
    return overruled;
  }
  std::unordered_map<std::string_view, std::size_t> last;
  for (std::size_t now = 0; now < mapping.size(); ++now) {
    const auto [before, fresh] = last.try_emplace(mapping.children[2 * now].text, now);
    if (fresh) continue;
    report(before->second, now);
    before->second = now;
  }
  return overruled;
}

}  // namespace

void drop_overruled(Node& mapping, Diagnostics& found) {
  const auto overruled = overruled_entries(mapping, found);
  if (overruled.empty()) return;
  std::vector<Node> kept;
  for (std::size_t i = 0; i < overruled.size(); ++i) {
    if (overruled[i]) continue;
    kept.push_back(std::move(mapping.children[2 * i]));
    kept.push_back(std::move(mapping.children[2 * i + 1]));
  }
  mapping.children = std::move(kept);
}

void add_merged(Node& mapping, std::vector<Node> merged) {
  if (merged.empty()) return;
  std::size_t total = mapping.children.size();
  for (const Node& from : merged) total += from.children.size();
  mapping.children.reserve(total);  // so that the views below stay valid
  std::unordered_set<std::string_view> keys;
  for (std::size_t i = 0; i < mapping.size(); ++i) keys.insert(mapping.children[2 * i].text);
  for (Node& from : merged) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (keys.count(from.children[2 * i].text) > 0) continue;
      mapping.children.push_back(std::move(from.children[2 * i]));
      keys.insert(mapping.children.back().text);
      mapping.children.push_back(std::move(from.children[2 * i + 1]));
    }
  }
}

namespace {

struct Known {
  std::string_view problem;  ///< how libyaml's message begins
  std::string_view message, way_out;
};
constexpr Known kKnown[] = {
    {"mapping values are not allowed", "a ':' here would start a mapping inside another value",
     "put quotes around the value if the ':' belongs to it, or check the indentation of this line"},
    {"did not find expected key", "expected a key here",
     "keys of one mapping begin in the same column; the mapping around this place shows which"},
    {"did not find expected '-' indicator", "expected another '- ' item of the list here",
     "items of one list begin in the same column"},
    {"could not find expected ':'", "expected 'key: value', but there is no ':' after this key",
     "write the ':' and a space, or quote a text that goes over several lines"},
    {"found unexpected end of stream", "a quoted text is opened and never closed", "close the quotes"},
    {"did not find expected ',' or ']'", "expected ',' or ']' in this list",
     "close the list that is open here"},
    {"did not find expected ',' or '}'", "expected ',' or '}' in this mapping",
     "close the mapping that is open here"},
    {"found unknown escape character", "this backslash sequence is not known in double quotes",
     "use single quotes to keep backslashes as they are"},
    {"found duplicate %YAML directive", "two %YAML directives for one document", "keep one"},
};

}  // namespace

Advice advise(std::string_view problem, char at) {
  if (problem.starts_with("found character that cannot start any token")) {
    if (at == '\t') return {"a tab where YAML wants spaces", "indent with spaces only"};
    return {fmt::format("a value cannot begin with '{}'", at), "put quotes around the value"};
  }
  for (const Known& known : kKnown) {
    if (problem.starts_with(known.problem)) return {std::string(known.message), std::string(known.way_out)};
  }
  return {fmt::format("not YAML: {}", problem), "correct this place; the document is left out until then"};
}

Advice advise_on_bytes(std::string_view problem) {
  if (!problem.starts_with("control"))
    return {fmt::format("this is not UTF-8 text ({})", problem), "save the file as UTF-8"};
  return {"a control character (perhaps NUL) is not allowed in YAML",
          "remove it, or write it as \"\\x00\" inside double quotes; a binary or UTF-16 file must be saved "
          "as UTF-8"};
}

}  // namespace marty::manifest
