#include "rules/rule.hpp"

#include <algorithm>

#include "rules/estate.hpp"

namespace marty::rules {

namespace catalog {
#define RULE(name) extern const Rule name;
#include "rules/catalog.inc"
#undef RULE
}  // namespace catalog

namespace {
constexpr const Rule* kRules[] = {
#define RULE(name) &catalog::name,
#include "rules/catalog.inc"
#undef RULE
};
}  // namespace

std::span<const Rule* const> all_rules() { return kRules; }

const Rule* find_rule(std::string_view id) {
  const auto* found =
      std::find_if(std::begin(kRules), std::end(kRules), [&](auto* r) { return r->id == id; });
  return found == std::end(kRules) ? nullptr : *found;
}

void check_all(const Estate& estate, Diagnostics& found, Workers& workers) {
  std::vector<Diagnostics> each(std::size(kRules));
  workers.run(each.size(), [&](std::size_t i) {
    if (kRules[i]->check == nullptr) return;
    Report report(*kRules[i], each[i]);
    kRules[i]->check(estate, report);
  });
  for (auto& some : each)
    for (auto& finding : some.all()) found.add(std::move(finding));
}

Diagnostic& Report::at(const manifest::Resource& resource, const Node& node, std::string path,
                       std::string message) {
  return found_.add({std::string(rule_.id),
                     rule_.severity,
                     node.range(),
                     std::move(message),
                     {},
                     {},
                     resource.ref(),
                     std::move(path)});
}

Diagnostic& Report::at(const manifest::Resource& resource, const Place& place, std::string message) {
  return at(resource, place.node, place.path, std::move(message));
}

Diagnostic& Report::object(const manifest::Resource& resource, std::string message) {
  const Node* name = get(resource.root, "metadata.name");
  return at(resource, name != nullptr ? *name : resource.root, "metadata.name", std::move(message));
}

namespace {

/// The value written there, first the outermost; its path grows on the way.
const Node* written_at(Origin origin, const Node& node, std::string& path) {
  if (node.origin == origin) return &node;
  const auto length = path.size();
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_mapping()) {
      path.append(path.empty() ? "" : ".").append(node.entry(i).key.text);
    } else {
      path.append("[").append(std::to_string(i)).append("]");
    }
    const Node& inner = node.is_mapping() ? node.entry(i).value : node.children[i];
    if (const auto* found = written_at(origin, inner, path)) return found;
    path.resize(length);
  }
  return nullptr;
}

}  // namespace

Diagnostic& Report::at(const Estate& estate, Origin origin, std::string message) {
  // A value of the object's own file, nearly always; else a patch's.
  for (const bool own_file : {true, false})
    for (const auto& resource : estate.all()) {
      std::string path;
      if ((resource.root.origin.file == origin.file) != own_file) continue;
      if (own_file && resource.root.origin.line > origin.line) continue;
      if (const auto* node = written_at(origin, resource.root, path))
        return at(resource, *node, std::move(path), std::move(message));
    }
  return found_.add({std::string(rule_.id), rule_.severity, {origin, 0}, std::move(message), {}, {}, {}, {}});
}

void suggest(Diagnostic& finding, std::string_view word, const std::vector<std::string_view>& names) {
  if (const auto near = closest(word, names)) finding.notes.push_back({{}, "did you mean '" + *near + "'?"});
}

Note see(const manifest::Resource& resource, std::string text) {
  const Node* name = get(resource.root, "metadata.name");
  return see(name != nullptr ? *name : resource.root, std::move(text));
}

}  // namespace marty::rules
