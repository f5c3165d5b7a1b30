#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "kustomize/field_spec.hpp"
#include "kustomize/scalars.hpp"
#include "kustomize/selection.hpp"
#include "kustomize/transformers.hpp"
#include "manifest/yaml.hpp"

namespace marty::kustomize {

namespace {

using manifest::ScalarType;

/// "spec.containers.[name=a.b].env" and "metadata.annotations.[a.b/c]" as steps: brackets keep dots together.
std::vector<std::string> split_field_path(std::string_view path) {
  std::vector<std::string> out;
  const auto steps = split_path(path, '.');
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::string step = steps[i];
    if (!step.starts_with('[') || step.ends_with(']')) {
      out.push_back(step);
      continue;
    }
    while (i + 1 < steps.size() && !step.ends_with(']')) step += "." + steps[++i];
    if (step.find('=') == step.npos) {
      step.erase(0, step.find_first_not_of("[]"));
      step.erase(step.find_last_not_of("[]") + 1);
    }
    out.push_back(step);
  }
  return out;
}

bool is_item(std::string_view step) { return step.starts_with('[') && step.ends_with(']'); }
std::optional<std::size_t> to_index(std::string_view step) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), value);
  if (step.empty() || error != std::errc{} || end != step.data() + step.size()) return {};
  return value;
}

std::vector<std::string> split_text(const std::string& text, const std::string& delimiter) {
  std::vector<std::string> out;
  std::size_t at = 0;
  for (auto next = text.find(delimiter); next != text.npos; next = text.find(delimiter, at)) {
    out.push_back(text.substr(at, next - at));
    at = next + delimiter.size();
  }
  out.push_back(text.substr(at));
  return out;
}

/// A selector of a replacement is compared, not matched.
bool names(const Selector& selector, const Object& object) {
  const KindSelector kind{*selector.group, *selector.version, *selector.kind};
  const auto ids = object.ids();
  return std::any_of(ids.begin(), ids.end(), [&](const Id& id) {
    return kind.selects(id.group, id.version, id.kind) &&
           (selector.name->empty() || *selector.name == id.name) &&
           (selector.ns->empty() || *selector.ns == id.ns);
  });
}

/// Finds the nodes a path leads to; makes what is missing when it may.
class PathWalk {
 public:
  PathWalk(bool create, const Node& value) : create_(create), value_(value) {}

  /// Nothing when the path leads nowhere it could; `why` then says so.
  std::vector<Node*> find(Node& from, std::span<const std::string> path) {
    if (path.empty()) return {&from};
    const std::string& step = path[0];
    if (const auto index = to_index(step)) return at_index(from, *index, path);
    if (is_item(step)) return matching(from, path);
    if (step == "*") return every(from, path.subspan(1));
    return field(from, path);
  }
  std::string why;

 private:
  /// What a new value must be for the rest of the path to go on.
  Node made(std::span<const std::string> rest) const {
    if (rest.empty()) {
      if (value_.is_mapping()) return Node::mapping(value_.origin);
      if (value_.is_sequence()) return Node::sequence(value_.origin);
      return Node::plain("", value_.origin);
    }
    const bool list = is_item(rest[0]) || to_index(rest[0]);
    return list ? Node::sequence(value_.origin) : Node::mapping(value_.origin);
  }

  std::vector<Node*> refuse(std::string text) {
    why = std::move(text);
    return {};
  }

  std::vector<Node*> field(Node& from, std::span<const std::string> path) {
    if (!from.is_mapping())
      return from.is_null() ? std::vector<Node*>{} : refuse("it goes through no mapping");
    Node* next = from.find(path[0]);
    if (!next) {
      if (!create_) return {};
      set_entry(from, path[0], made(path.subspan(1)));
      next = from.find(path[0]);
    }
    return find(*next, path.subspan(1));
  }

  std::vector<Node*> at_index(Node& from, std::size_t index, std::span<const std::string> path) {
    if (!from.is_sequence()) return refuse(fmt::format("there is no list to take item {} of", index));
    if (index == from.children.size() && create_) from.children.push_back(made(path.subspan(1)));
    if (index >= from.children.size())
      return refuse(fmt::format("item {} of a list of {}", index, from.children.size()));
    return find(from.children[index], path.subspan(1));
  }

  std::vector<Node*> every(Node& from, std::span<const std::string> rest) {
    if (!from.is_sequence()) return refuse("'*' stands for the items of a list");
    std::vector<Node*> out;
    for (Node& item : from.children) {
      const auto more = find(item, rest);
      out.insert(out.end(), more.begin(), more.end());
    }
    return out;
  }

  /// "[name=web]", whose value is a regular expression that need only occur; "[=web]" for plain items.
  std::vector<Node*> matching(Node& from, std::span<const std::string> path) {
    const std::string inner = path[0].substr(1, path[0].size() - 2);
    const auto equals = inner.find('=');
    if (equals == inner.npos) return refuse(fmt::format("{} is written [field=value]", path[0]));
    const std::string key = inner.substr(0, equals), value = inner.substr(equals + 1);
    if (!from.is_sequence()) return refuse(fmt::format("there is no list to find {} in", path[0]));
    std::string problem;
    const auto pattern = policy::Regex::compile("(?s:.*?(?:" + value + ").*)", problem);
    if (!pattern) return refuse(fmt::format("{}: {}", path[0], problem));
    std::vector<Node*> out;
    for (Node& item : from.children) {
      const Node* field = key.empty() ? &item : item.find(key);
      if (!field || !pattern->matches_all_of(field->text)) continue;
      const auto more = key.empty() ? std::vector<Node*>{&item} : find(item, path.subspan(1));
      out.insert(out.end(), more.begin(), more.end());
    }
    if (!out.empty() || !create_ || tried_) return out;
    Node item = Node::plain(value, value_.origin);
    if (!key.empty()) {
      item = Node::mapping(value_.origin);
      item.add(key, Node::plain(value, value_.origin));
    }
    from.children.push_back(std::move(item));
    tried_ = true;
    out = matching(from, path);
    tried_ = false;
    return out;
  }

  const bool create_;
  const Node& value_;
  bool tried_ = false;
};

class Replacer {
 public:
  Replacer(Folder& folder, Objects& objects, Diagnostics& found)
      : folder_(folder), objects_(objects), found_(found) {}

  void run(const Replacement& replacement) {
    if (!replacement.path->empty()) return run_file(replacement.path);
    const auto value = read_value(replacement);
    if (!value) return;
    for (const auto& target : replacement.targets) write(*value, target);
  }

 private:
  void fail(SourceRange where, std::string message) {
    found_.error("kustomize-replacement", where, std::move(message));
  }

  void run_file(const Text& path) {
    const auto file = folder_.load(path);
    if (!file) return;
    const auto documents = manifest::parse_yaml(folder_.texts().sources.text(*file), *file, found_);
    if (documents.empty()) return fail(range_of(path), "there is no replacement in this file");
    const Node& document = documents[0];
    for (const Node& one : document.is_sequence() ? document.children : documents) {
      Replacement read;
      const ObjectRef object{"", "Replacement", "", *path};
      if (!decode(one, read, object, found_)) continue;
      if (read.path->empty()) run(read);
    }
  }

  std::optional<Node> read_value(const Replacement& replacement) {
    if (replacement.source_value)
      return Node::plain(**replacement.source_value, replacement.source_value->origin);
    const auto& source = *replacement.source;
    const SourceRange where{source.origin, 0};
    Object* chosen = nullptr;
    for (Object& object : objects_) {
      if (!names(source, object)) continue;
      if (chosen) {
        fail(where, "more than one object is what this source asks for");
        found_.all().back().notes.push_back({chosen->root.range(), chosen->id().describe()});
        found_.all().back().notes.push_back({object.root.range(), object.id().describe()});
        return {};
      }
      chosen = &object;
    }
    if (!chosen) {
      fail(where, "no object is what this source asks for");
      return {};
    }
    const std::string path = source.field_path->empty() ? "metadata.name" : *source.field_path;
    const Node* value = look_up(chosen->root, split_field_path(path));
    if (!value || value->is_null() || (!value->is_scalar() && value->children.empty())) {
      fail(source.field_path.written() ? range_of(source.field_path) : where,
           fmt::format("{} has no {}", chosen->id().describe(), path));
      return {};
    }
    return part_of(*value, source.options);
  }

  static const Node* look_up(const Node& root, const std::vector<std::string>& path) {
    const Node* node = &root;
    for (const std::string& step : path) {
      if (step.empty()) continue;
      if (node->is_mapping()) {
        node = node->find(step);
      } else if (!node->is_sequence()) {
        return nullptr;
      } else {
        node = item_of(*node, step);
      }
      if (!node) return nullptr;
    }
    return node;
  }

  static const Node* item_of(const Node& list, const std::string& step) {
    if (step == "-" && !list.children.empty()) return &list.children.back();
    if (const auto index = to_index(step))
      return *index < list.children.size() ? &list.children[*index] : nullptr;
    const auto equals = step.find('=');
    if (!is_item(step) || equals == step.npos) return nullptr;
    const auto key = step.substr(1, equals - 1), value = step.substr(equals + 1, step.size() - equals - 2);
    for (const Node& item : list.children) {
      const Node* field = key.empty() ? &item : item.find(key);
      if (field && field->is_scalar() && field->text == value) return &item;
    }
    return nullptr;
  }

  std::optional<Node> part_of(Node value, const FieldOptions& options) {
    if (options.delimiter->empty()) return value;
    if (!value.is_scalar()) {
      fail(range_of(options.delimiter), "a delimiter splits texts, and the source is none");
      return {};
    }
    const auto parts = split_text(value.text, *options.delimiter);
    if (options.index < 0 || static_cast<std::size_t>(options.index) >= parts.size()) {
      fail(range_of(options.delimiter),
           fmt::format("'{}' has no part {} ({} parts)", value.text, options.index, parts.size()));
      return {};
    }
    value.text = parts[static_cast<std::size_t>(options.index)];
    return value;
  }

  void write(const Node& value, const Replacement::Target& target) {
    if (!target.select) return;
    auto labels = LabelCondition::parse(target.select->label_selector, found_);
    auto annotations = LabelCondition::parse(target.select->annotation_selector, found_);
    if (!labels || !annotations) return;
    static const std::vector<Text> by_default{Text("metadata.name")};
    const auto& paths = target.field_paths.empty() ? by_default : target.field_paths;
    for (Object& object : objects_) {
      if (!names(*target.select, object) || !holds(*labels, *annotations, object)) continue;
      if (rejected(target.reject, object)) continue;
      for (const Text& path : paths) write(value, target, path, object);
    }
  }

  static bool holds(const LabelCondition& labels, const LabelCondition& annotations, const Object& object) {
    const Node* metadata = object.root.find("metadata");
    return labels.holds(metadata ? metadata->find("labels") : nullptr) &&
           annotations.holds(metadata ? metadata->find("annotations") : nullptr);
  }

  /// Rejected by name or kind, or by labels and annotations together.
  bool rejected(const std::vector<Selector>& rejects, const Object& object) {
    return std::any_of(rejects.begin(), rejects.end(), [&](const Selector& reject) {
      if (!reject.empty() && names(reject, object)) return true;
      if (reject.label_selector->empty() && reject.annotation_selector->empty()) return false;
      auto labels = LabelCondition::parse(reject.label_selector, found_);
      auto annotations = LabelCondition::parse(reject.annotation_selector, found_);
      return labels && annotations && holds(*labels, *annotations, object);
    });
  }

  void write(const Node& value, const Replacement::Target& target, const Text& path, Object& object) {
    const SourceRange where = path.written() ? range_of(path) : SourceRange{target.origin, 0};
    PathWalk walk(target.options.create, value);
    const auto places = walk.find(object.root, split_field_path(*path));
    if (places.empty()) {
      fail(where, fmt::format("{} has no {}{}{}", object.id().describe(), *path, walk.why.empty() ? "" : ": ",
                              walk.why));
      if (!target.options.create)
        found_.all().back().notes.push_back({{}, "'options: {create: true}' makes what is missing"});
      return;
    }
    for (Node* place : places) set(*place, value, target.options, where);
  }

  void set(Node& place, Node value, const FieldOptions& options, SourceRange where) {
    if (!options.delimiter->empty()) {
      if (!place.is_scalar() || !value.is_scalar()) return fail(where, "a delimiter goes with texts only");
      value.text = joined(place.text, value.text, options);
    }
    if (!place.is_scalar()) {
      place = std::move(value);
      return;
    }
    if (!value.is_scalar())
      return fail(where, "a plain value is here, and the source is a mapping or a list");
    // A number stays a number and a text a text, whatever the source is; a new value is what it looks like.
    const bool text = !place.text.empty() && reads_as_text(place);
    const bool other = !place.text.empty() && !text;
    place = Node::plain(std::move(value.text), value.origin);
    place.is_text = text;
    if (other && reads_as_text(place))
      fail(where, fmt::format("a number or bool is here, and '{}' is none", place.text));
  }

  static std::string joined(const std::string& old, const std::string& value, const FieldOptions& options) {
    auto parts = split_text(old, *options.delimiter);
    if (options.index < 0) {
      parts.insert(parts.begin(), value);
    } else if (static_cast<std::size_t>(options.index) >= parts.size()) {
      parts.push_back(value);
    } else {
      parts[static_cast<std::size_t>(options.index)] = value;
    }
    return fmt::format("{}", fmt::join(parts, *options.delimiter));
  }

  Folder& folder_;
  Objects& objects_;
  Diagnostics& found_;
};

}  // namespace

void copy_values(const Kustomization& kustomization, Folder& folder, Objects& objects, Diagnostics& found) {
  Replacer replacer(folder, objects, found);
  for (const Replacement& replacement : kustomization.replacements) replacer.run(replacement);
}

}  // namespace marty::kustomize
