#include "rollout/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "manifest/write.hpp"

namespace marty::rollout {

using manifest::Node;

namespace {

constexpr std::size_t kShownBytesMax = 100;

/// Fields a server fills in by itself, at the top and in metadata.
constexpr std::string_view kServersOwn[] = {
    "status",
    "metadata.managedFields",
    "metadata.resourceVersion",
    "metadata.uid",
    "metadata.generation",
    "metadata.creationTimestamp",
    "metadata.selfLink",
    "metadata.annotations[kubectl.kubernetes.io/last-applied-configuration]",
    "metadata.annotations[deployment.kubernetes.io/revision]",
};

bool servers_own(std::string_view path) {
  return std::find(std::begin(kServersOwn), std::end(kServersOwn), path) != std::end(kServersOwn);
}

const Node kAbsent{};

const Node* name_of(const Node& item) {
  const Node* name = item.find("name");
  return name && name->is_scalar() ? name : nullptr;
}

/// The lists whose items can be told apart by `name`, as those of containers, ports, subsets and routes.
bool all_named(const Node& list) {
  std::set<std::string_view> seen;
  return list.is_sequence() && std::all_of(list.children.begin(), list.children.end(), [&](const Node& item) {
           const Node* name = name_of(item);
           return name && seen.insert(name->text).second;
         });
}

const Node* item_named(const Node& list, std::string_view name) {
  for (const Node& item : list.children)
    if (const Node* own = name_of(item); own && own->text == name) return &item;
  return nullptr;
}

std::string names_in(const Node& list) {
  std::string out;
  for (const Node& item : list.children) out += (out.empty() ? "" : ", ") + name_of(item)->text;
  return out;
}

/// `{a: 1, b: [x, y]}`.
std::string flow(const Node& node) {
  if (node.is_null()) return "null";
  if (node.is_scalar()) {
    if (node.text.find('\n') != std::string::npos) return fmt::format("({} bytes of text)", node.text.size());
    Node bare = node;
    bare.comments.clear();
    std::string text = manifest::write_yaml(bare);
    text.pop_back();
    return text;
  }
  std::string out;
  for (std::size_t i = 0; i < node.size() && out.size() <= kShownBytesMax; ++i) {
    if (i > 0) out += ", ";
    out += node.is_mapping() ? node.entry(i).key.text + ": " + flow(node.entry(i).value)
                             : flow(node.children[i]);
  }
  return node.is_mapping() ? "{" + out + "}" : "[" + out + "]";
}

/// Cut between characters, not inside one.
std::string shortened(std::string text) {
  if (text.size() <= kShownBytesMax) return text;
  auto end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

std::string key_step(std::string_view key) {
  const bool plain = key.find_first_of("./[]") == key.npos;
  return plain ? "." + std::string(key) : fmt::format("[{}]", key);
}

class Comparison {
 public:
  explicit Comparison(bool secret) : secret_(secret) {}

  void any(const std::string& path, const Node& before, const Node& after, const Node& wanted) {
    if (servers_own(path)) return;
    if (before.is_mapping() && after.is_mapping()) return mappings(path, before, after, wanted);
    if (before.is_sequence() && after.is_sequence()) return lists(path, before, after, wanted);
    if (before == after) return;
    const Origin origin = wanted.kind == after.kind ? wanted.origin : Origin{};
    found.push_back({path, told(path, before), told(path, after), origin});
  }

  std::vector<FieldChange> found;

 private:
  std::optional<std::string> told(const std::string& path, const Node& node) const {
    if (node.is_null()) return std::nullopt;
    const bool hidden = secret_ && (path.starts_with("data") || path.starts_with("stringData"));
    return hidden ? "(not shown)" : shortened(flow(node));
  }

  void mappings(const std::string& path, const Node& before, const Node& after, const Node& wanted) {
    const auto step = [&](const std::string& key) { return path.empty() ? key : path + key_step(key); };
    const auto of = [](const Node& node, const std::string& key) -> const Node& {
      const Node* value = node.find(key);
      return value ? *value : kAbsent;
    };
    for (std::size_t i = 0; i < after.size(); ++i) {
      const auto& key = after.entry(i).key.text;
      any(step(key), of(before, key), after.entry(i).value, of(wanted, key));
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto& key = before.entry(i).key.text;
      if (!after.find(key)) any(step(key), before.entry(i).value, kAbsent, kAbsent);
    }
  }

  void lists(const std::string& path, const Node& before, const Node& after, const Node& wanted) {
    if (!before.children.empty() && !after.children.empty() && all_named(before) && all_named(after))
      return named_lists(path, before, after, wanted);
    const auto of = [](const Node& list, std::size_t i) -> const Node& {
      return list.is_sequence() && i < list.size() ? list.children[i] : kAbsent;
    };
    for (std::size_t i = 0; i < std::max(before.size(), after.size()); ++i)
      any(fmt::format("{}[{}]", path, i), of(before, i), of(after, i), of(wanted, i));
  }

  void named_lists(const std::string& path, const Node& before, const Node& after, const Node& wanted) {
    const auto of = [](const Node& list, const std::string& name) -> const Node& {
      const Node* item = item_named(list, name);
      return item ? *item : kAbsent;
    };
    for (const Node& item : after.children) {
      const auto& name = name_of(item)->text;
      any(fmt::format("{}[{}]", path, name), of(before, name), item, of(wanted, name));
    }
    for (const Node& item : before.children) {
      const auto& name = name_of(item)->text;
      if (!item_named(after, name)) any(fmt::format("{}[{}]", path, name), item, kAbsent, kAbsent);
    }
    if (before.size() == after.size() && names_in(before) != names_in(after))
      found.push_back({path + " (order)", names_in(before), names_in(after), wanted.origin});
  }

  bool secret_;
};

}  // namespace

std::vector<FieldChange> differences(const Node& before, const Node& after, const Node& wanted) {
  const Node* kind = wanted.find("kind");
  Comparison comparison(kind && kind->text == "Secret");
  comparison.any("", before, after, wanted);
  return std::move(comparison.found);
}

Node overlaid(const Node& live, const Node& wanted) {
  if (wanted.is_null()) return live;
  if (live.is_mapping() && wanted.is_mapping()) {
    Node out = live;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto [key, value] = wanted.entry(i);
      if (Node* there = out.find(key.text))
        *there = overlaid(*there, value);
      else if (!value.is_null())
        out.add(key.text, value);
    }
    return out;
  }
  if (live.is_sequence() && wanted.is_sequence()) {
    const bool named = all_named(live) && all_named(wanted);
    Node out = Node::sequence(wanted.origin);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Node& item = wanted.children[i];
      const Node* there = named ? item_named(live, name_of(item)->text)
                                : (live.size() == wanted.size() ? &live.children[i] : nullptr);
      out.add(there ? overlaid(*there, item) : item);
    }
    return out;
  }
  return wanted;
}

}  // namespace marty::rollout
