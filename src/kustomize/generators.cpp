#include <fmt/format.h>

#include <algorithm>

#include "kustomize/name_hash.hpp"
#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

constexpr std::size_t kBase64Line = 70;  ///< characters after which kustomize breaks a line

/// Base 64, with line breaks when it is longer than a line.
std::string wrapped_base64(std::string_view bytes) {
  const std::string text = base64(bytes);
  if (text.size() < kBase64Line) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kBase64Line) out += text.substr(at, kBase64Line) + "\n";
  return out;
}

Pairs merged(const Pairs& own, const Pairs& shared) {
  Pairs out = own;
  for (const auto& pair : shared) {
    const auto same = [&](const auto& other) { return other.first == pair.first; };
    if (std::none_of(own.begin(), own.end(), same)) out.push_back(pair);
  }
  return out;
}

class Generator {
 public:
  Generator(const GeneratorEntry& entry, bool secret, const GeneratorOptions& shared, Folder& folder,
            Diagnostics& found)
      : entry_(entry), secret_(secret), shared_(shared), folder_(folder), found_(found) {}

  /// Nothing when something was wrong, which is reported.
  std::optional<Object> run() {
    Object out;
    if (!read_behavior(out.behavior)) return {};
    out.root = frame();
    for (const Text& entry : entry_.envs) add_env_file(entry);
    for (const Text& entry : entry_.literals) add_literal(entry);
    for (const Text& entry : entry_.files) add_file(entry);
    if (!fine_) return {};
    for (auto& [key, bytes] : values_) put(out.root, key, bytes);
    if (entry_.options.immutable.value || shared_.immutable.value)
      out.root.add("immutable",
                   Node::plain("true", entry_.options.immutable.value ? entry_.options.immutable.origin
                                                                      : shared_.immutable.origin));
    out.wants_hash = !entry_.options.disable_name_suffix_hash && !shared_.disable_name_suffix_hash;
    return out;
  }

 private:
  bool fail(SourceRange where, std::string message) {
    fine_ = false;
    found_.error("kustomize-generator", where, std::move(message));
    return false;
  }

  bool read_behavior(Behavior& out) {
    const std::string& word = *entry_.behavior;
    if (word == "merge") out = Behavior::kMerge;
    if (word == "replace") out = Behavior::kReplace;
    if (word.empty() || word == "create" || word == "merge" || word == "replace") return true;
    found_.warning("kustomize-generator", range_of(entry_.behavior),
                   fmt::format("'behavior' is create, merge or replace; '{}' is taken for create", word));
    return true;
  }

  /// All but the values.
  Node frame() {
    const Origin by = entry_.name.origin;
    Node root = Node::mapping(entry_.origin);
    root.add("apiVersion", Node::string("v1", by));
    root.add("kind", Node::string(secret_ ? "Secret" : "ConfigMap", by));
    Node& metadata = root.add("metadata", Node::mapping(by));
    metadata.add("name", Node::string(*entry_.name, by));
    if (!entry_.ns->empty()) metadata.add("namespace", Node::string(*entry_.ns, entry_.ns.origin));
    add_pairs(metadata, "labels", merged(entry_.options.labels, shared_.labels));
    add_pairs(metadata, "annotations", merged(entry_.options.annotations, shared_.annotations));
    if (!secret_) return root;
    root.add("type", Node::string(entry_.type->empty() ? "Opaque" : *entry_.type,
                                  entry_.type.written() ? entry_.type.origin : by));
    root.add("data", Node::mapping(by));
    return root;
  }

  static void add_pairs(Node& metadata, std::string_view name, const Pairs& pairs) {
    if (pairs.empty()) return;
    Node& into = metadata.add(name, Node::mapping(pairs[0].first.origin));
    for (const auto& [key, value] : pairs) set_entry(into, *key, Node::string(*value, value.origin));
  }

  void add(Text key, Text bytes) {
    const auto same = [&](const auto& pair) { return pair.first == key; };
    const auto known = std::find_if(values_.begin(), values_.end(), same);
    if (known == values_.end()) {
      values_.emplace_back(std::move(key), std::move(bytes));
      return;
    }
    fail(range_of(key), fmt::format("the key '{}' is there twice", *key));
    found_.all().back().notes.push_back({{known->first.origin, 0}, "the other one"});
  }

  void add_literal(const Text& entry) {
    const auto equals = entry->find('=');
    if (equals == 0 || equals == entry->npos) {
      fail(range_of(entry), "a literal is written key=value");
      return;
    }
    std::string value = entry->substr(equals + 1);
    const bool quoted = value.size() > 1 && value[0] == value.back() && (value[0] == '"' || value[0] == '\'');
    if (quoted) value = value.substr(1, value.size() - 2);
    add({entry->substr(0, equals), entry.origin}, {std::move(value), entry.origin});
  }

  void add_file(const Text& entry) {
    const auto equals = entry->find('=');
    std::string key = entry->substr(entry->rfind('/') + 1), path = *entry;
    if (equals != entry->npos) {
      key = entry->substr(0, equals);
      path = entry->substr(equals + 1);
    }
    if (key.empty() || path.empty() || path.find('=') != path.npos) {
      fail(range_of(entry), "a file is written as its path, or key=path");
      return;
    }
    const auto file = folder_.load(path, range_of(entry));
    if (!file) {
      fine_ = false;
      return;
    }
    add({key, entry.origin}, {std::string(folder_.texts().sources.text(*file)), Origin{1, 1, *file}});
  }

  void add_env_file(const Text& entry) {
    const auto file = folder_.load(entry);
    if (!file) {
      fine_ = false;
      return;
    }
    const std::string text(folder_.texts().sources.text(*file));
    std::uint32_t number = 0;
    for (std::string_view rest = text; !rest.empty();) {
      auto line = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      add_env_line(line, {++number, 1, *file});
    }
  }

  void add_env_line(std::string_view line, Origin place) {
    if (place.line == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r\v\f"), line.size()));
    if (line.empty() || line[0] == '#') return;
    if (!is_utf8(line)) {
      fail({place, 0}, "this line is no UTF-8 text");
      return;
    }
    const auto equals = line.find('=');
    // Without '=' the value is empty; kustomize does not ask the environment for it.
    const auto value = equals == line.npos ? std::string_view{} : line.substr(equals + 1);
    const auto key = line.substr(0, equals);
    if (!key.empty()) add({std::string(key), place}, {std::string(value), place});
  }

  void put(Node& root, const Text& key, const Text& bytes) {
    const bool binary = secret_ || !is_utf8(*bytes);
    Node& into = mapping_at(root, binary && !secret_ ? "binaryData" : "data");
    set_entry(into, *key, Node::string(binary ? wrapped_base64(*bytes) : *bytes, bytes.origin));
  }

  const GeneratorEntry& entry_;
  const bool secret_;
  const GeneratorOptions& shared_;
  Folder& folder_;
  Diagnostics& found_;
  Pairs values_;
  bool fine_ = true;
};

/// Entries of `old` that `fresh` does not have.
void add_missing(Node& fresh, const Node* old, std::string_view key) {
  if (!old || !old->is_mapping() || old->children.empty()) return;
  Node& into = mapping_at(fresh, key);
  for (std::size_t i = 0; i < old->size(); ++i) {
    const auto [name, value] = old->entry(i);
    if (!into.find(name.text)) set_entry(into, name.text, Node::string(value.text, value.origin));
  }
}

/// Puts a generated object in the place of the one it replaces or is merged with.
void take_place(Object& old, Object fresh) {
  Node& metadata = mapping_at(fresh.root, "metadata");
  const Node& before = *old.root.find("metadata");
  add_missing(metadata, before.find("labels"), "labels");
  add_missing(metadata, before.find("annotations"), "annotations");
  for (const char* key : {"name", "namespace"}) {
    remove_entry(metadata, key);
    if (const Node* value = before.find(key)) set_entry(metadata, key, *value);
  }
  if (fresh.behavior == Behavior::kMerge) {
    for (const char* key : {"data", "binaryData"}) {
      add_missing(fresh.root, old.root.find(key), key);
      const Node* values = fresh.root.find(key);
      if (values && values->children.empty()) remove_entry(fresh.root, key);
    }
  }
  old.wants_hash = old.wants_hash && fresh.wants_hash;
  old.root = std::move(fresh.root);
}

void absorb(const GeneratorEntry& entry, Object fresh, Objects& objects, Diagnostics& found) {
  const Id id = fresh.id();
  std::vector<Object*> known;
  for (Object& object : objects) {
    const auto ids =
        object.kind() == fresh.kind() || !object.former.empty() ? object.ids() : std::vector<Id>{};
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) known.push_back(&object);
  }
  const auto fail = [&](std::string message) -> Diagnostic& {
    return found.error("kustomize-generator", range_of(entry.name), std::move(message));
  };
  if (known.empty() && fresh.behavior != Behavior::kCreate) {
    fail(fmt::format("there is no {} to {}", id.describe(), *entry.behavior));
  } else if (known.empty()) {
    objects.push_back(std::move(fresh));
  } else if (known.size() > 1) {
    fail(fmt::format("{} objects are or were {}", known.size(), id.describe()));
  } else if (fresh.behavior == Behavior::kCreate) {
    auto& finding = fail(fmt::format("there is a {} already", id.describe()));
    finding.notes.push_back({known[0]->root.range(), "here"});
    finding.notes.push_back({{}, "write 'behavior: merge' or 'behavior: replace' to change it"});
  } else {
    take_place(*known[0], std::move(fresh));
  }
}

}  // namespace

void generate(const Kustomization& kustomization, Folder& folder, Objects& objects, Diagnostics& found) {
  const auto run = [&](const std::vector<GeneratorEntry>& entries, bool secret) {
    for (const GeneratorEntry& entry : entries) {
      auto made = Generator(entry, secret, kustomization.generator_options, folder, found).run();
      if (made) absorb(entry, std::move(*made), objects, found);
    }
  };
  run(kustomization.config_maps, false);
  run(kustomization.secrets, true);
}

}  // namespace marty::kustomize
