#include "kustomize/strategic_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "kustomize/merge_schema.hpp"

namespace marty::kustomize {

namespace {

constexpr std::string_view kDirective = "$patch";

bool present(const Node* node) { return node && !node->is_null(); }

/// What is known of a value: the type to look its fields up in, and how its items are matched when it is a
/// list.
struct Schema {
  std::string_view type;
  const MergeField* list = nullptr;
};

using Strings = std::vector<std::string>;

std::string value_of(const Node& item, std::string_view key) {
  const Node* value = item.find(key);
  return value && value->is_scalar() ? value->text : std::string{};
}

/// A list under kustomize's rules for matching items by several keys, of which some may be empty. An empty
/// key stands for the item itself.
class KeyedList {
 public:
  explicit KeyedList(std::vector<Node>& items) : items_(items) {}

  /// The first item whose fields have exactly these values.
  Node* find(const Strings& keys, const Strings& values) {
    for (Node& item : items_) {
      if (keys[0].empty() ? item.is_scalar() && item.text == values[0] : has_all(item, keys, values))
        return &item;
    }
    return nullptr;
  }

  /// Puts an item in the place of those that match, else at the end; nullptr only removes those. Without
  /// values, which is what an item without its key has, all others are lost.
  void set(const Strings& keys, const Strings& values, const Node* element) {
    std::vector<Node> kept;
    bool replaced = false;
    for (Node& item : items_) {
      if (item.is_null() || (item.is_mapping() && item.children.empty())) continue;
      const bool other_shape =
          !item.is_mapping() && !keys[0].empty() && !values.empty() && !values[0].empty();
      if (other_shape || !matches(item, keys, values)) {
        if (!values.empty()) kept.push_back(std::move(item));
      } else if (element) {
        replaced = true;
        kept.push_back(*element);
      }
    }
    items_ = std::move(kept);
    if (element && !replaced) items_.push_back(*element);
  }

 private:
  static bool has_all(const Node& item, const Strings& keys, const Strings& values) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const Node* field = item.find(keys[i]);
      if (!field || field->text != values[i]) return false;
    }
    return item.is_mapping();
  }

  /// As has_all, but an empty value matches any field, and values that are missing at the end repeat the
  /// answer for the last one.
  static bool matches(const Node& item, const Strings& keys, const Strings& values) {
    bool last = false;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (i < values.size()) {
        const Node* field = keys[i].empty() ? &item : item.find(keys[i]);
        last = field && (values[i].empty() || field->text == values[i]);
      }
      if (!last) return false;
    }
    return true;
  }

  std::vector<Node>& items_;
};

class Merger {
 public:
  explicit Merger(Diagnostics& found) : found_(found) {}

  /// What remains of two values: `base`, which was merged into, `patch`, or nothing. Both may be the same
  /// node: a patch's value that is new is merged with itself, which carries out the directives inside.
  Node* merge(Node* base, Node* patch, Schema schema) {
    const Node* shape = present(base) ? base : present(patch) ? patch : nullptr;
    if (!shape) return merge_mapping(base, patch, schema);
    if (present(base) && present(patch) && base->kind != patch->kind) return mismatch(*base, *patch);
    const bool wants_list = schema.list && schema.list->merges_items;
    if (shape->is_mapping()) return merge_mapping(base, patch, wants_list ? Schema{} : schema);
    if (shape->is_scalar()) return patch ? patch : base;
    if (wants_list) return merge_items(base, patch, schema);
    return patch ? patch : base;
  }

 private:
  enum class Directive { kMerge, kReplace, kDelete };

  Node* mismatch(Node& base, const Node& patch) {
    const auto shape = [](const Node& node) {
      return node.is_mapping() ? "a mapping" : node.is_sequence() ? "a list" : "a plain value";
    };
    fail(patch, fmt::format("the patch has {} where the object has {}", shape(patch), shape(base)))
        .notes.push_back({base.range(), "the object's value"});
    return &base;
  }

  Diagnostic& fail(const Node& at, std::string message) {
    return found_.error("kustomize-patch", at.range(), std::move(message));
  }

  Directive read_directive(const Node& value) {
    if (value.text == "delete") return Directive::kDelete;
    if (value.text == "replace") return Directive::kReplace;
    if (value.text != "merge")
      fail(value, fmt::format("'$patch' is merge, replace or delete, not '{}'", value.text));
    return Directive::kMerge;
  }

  /// Takes the directive out of a patch's mapping.
  Directive take_directive(Node* patch) {
    const Node* value = patch ? patch->find(kDirective) : nullptr;
    if (!value) return Directive::kMerge;
    const Directive directive = read_directive(*value);
    remove_entry(*patch, kDirective);
    return directive;
  }

  /// A list's directive is an item of its own: `- $patch: replace`.
  Directive take_list_directive(Node* patch) {
    if (!patch || !patch->is_sequence()) return Directive::kMerge;
    const auto item = std::find_if(patch->children.begin(), patch->children.end(),
                                   [](const Node& node) { return node.find(kDirective); });
    if (item == patch->children.end() || item->size() > 1) return Directive::kMerge;
    const std::string text = item->find(kDirective)->text;
    const Directive directive = read_directive(*item->find(kDirective));
    KeyedList(patch->children).set({std::string(kDirective)}, {text}, nullptr);
    return directive;
  }

  Node* merge_mapping(Node* base, Node* patch, Schema schema) {
    Node* into = base;
    if (!present(base)) {
      if (patch && patch->is_mapping() && take_directive(patch) == Directive::kDelete) return nullptr;
      // A null that is spelled out stays; a key with nothing behind it goes.
      if (!patch) return base && !base->text.empty() ? base : nullptr;
      into = patch;
    } else if (patch) {
      if (patch->is_null()) return nullptr;
      const Directive directive = take_directive(patch);
      if (directive == Directive::kDelete) return nullptr;
      if (directive == Directive::kReplace) into = patch;
    }
    if (!into->is_mapping()) return into->is_null() ? nullptr : into;
    merge_fields(*into, into == base ? patch : into, schema);
    return into;
  }

  void merge_fields(Node& into, Node* patch, Schema schema) {
    std::set<std::string> keys;
    for (std::size_t i = 0; i < into.size(); ++i) keys.insert(into.children[2 * i].text);
    for (std::size_t i = 0; patch && i < patch->size(); ++i) keys.insert(patch->children[2 * i].text);
    for (const std::string& key : keys) {
      Node* own = into.find(key);
      Node* other = !patch ? nullptr : patch == &into ? own : patch->find(key);
      const MergeField* field = find_merge_field(schema.type, key);
      Node* result = merge(own, other, field ? Schema{field->values, field} : Schema{});
      if (!result || (result->is_null() && result != own)) {
        remove_entry(into, key);
      } else if (own && result != own) {
        // Kustomize keeps the quotes of the value it replaces, and what is quoted is a text.
        if (own->is_scalar() && result->is_scalar()) result->is_text = result->is_text || own->is_text;
        *own = Node(*result);
      } else if (!own) {
        into.children.push_back(*(result - 1));
        into.children.push_back(*result);
      }
    }
  }

  Node* merge_items(Node* base, Node* patch, Schema schema) {
    Node* into = base;
    if (!present(base)) {
      into = patch;
    } else if (patch) {
      if (patch->is_null()) return nullptr;
      const Directive directive = take_list_directive(patch);
      if (directive == Directive::kDelete) return nullptr;
      if (directive == Directive::kReplace) into = patch;
    }
    Node* other = into == base ? patch : into;
    const auto names = schema.list->key_list();
    Strings keys(names.begin(), names.end());
    if (keys.empty()) keys.emplace_back();
    combine(*into, other, keys, schema.type);
    return into;
  }

  std::vector<Strings> values_of(const Node& into, const Node* patch, const Strings& keys) {
    std::vector<Strings> all;
    const auto collect = [&](const Node& list) {
      for (const Node& item : list.children) {
        Strings values;
        for (const auto& key : keys) values.push_back(key.empty() ? item.text : value_of(item, key));
        if (std::find(all.begin(), all.end(), values) == all.end()) all.push_back(std::move(values));
      }
    };
    if (patch && patch->is_sequence()) collect(*patch);
    if (patch != &into) collect(into);
    return all;
  }

  /// Of two sets of values that differ only where one is empty, both get what the other has. The first of a
  /// comparison is what it was before it: kustomize does not look again.
  static void fill_gaps(std::vector<Strings>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Strings a = all[i];
      for (Strings& b : all) {
        Strings filled;
        bool common = false, clash = false;
        for (std::size_t k = 0; k < a.size(); ++k) {
          common |= a[k] == b[k];
          clash |= a[k] != b[k] && !a[k].empty() && !b[k].empty();
          filled.push_back(a[k].empty() ? b[k] : a[k]);
        }
        if (common && !clash) all[i] = b = filled;
      }
    }
  }

  /// Only keys that some item has take part; with none, all do.
  static void choose_keys(const std::vector<Strings>& all, Strings& keys, Strings& values) {
    std::vector<bool> used(keys.size());
    for (const Strings& each : all) {
      for (std::size_t i = 0; i < each.size(); ++i) used[i] = used[i] || !each[i].empty();
    }
    if (std::find(used.begin(), used.end(), true) == used.end()) return;
    Strings chosen_keys, chosen_values;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!used[i]) continue;
      chosen_keys.push_back(keys[i]);
      chosen_values.push_back(values[i]);
    }
    keys = std::move(chosen_keys);
    values = std::move(chosen_values);
  }

  void combine(Node& into, Node* patch, const Strings& keys, std::string_view type) {
    std::vector<Strings> all = values_of(into, patch, keys);
    if (all.empty()) return;
    if (keys.size() > 1) fill_gaps(all);
    std::vector<Node> merged;
    Strings chosen;
    for (const Strings& values : all) {
      chosen = keys;
      Strings wanted = values;
      choose_keys(all, chosen, wanted);
      merge_item(into, patch, chosen, wanted, type, merged);
    }
    append_rest(into, chosen, merged);
    into.children = std::move(merged);
  }

  void merge_item(Node& into, Node* patch, const Strings& keys, const Strings& values, std::string_view type,
                  std::vector<Node>& merged) {
    Strings find_keys = keys, find_values = values;
    choose_keys({values}, find_keys, find_values);
    Node* own = KeyedList(into.children).find(find_keys, find_values);
    Node* other = patch == &into                  ? own
                  : patch && patch->is_sequence() ? KeyedList(patch->children).find(find_keys, find_values)
                                                  : nullptr;
    Node* item = merge(own, other, Schema{type, nullptr});
    if (!item || item->is_null() || (item->is_mapping() && item->children.empty())) {
      KeyedList(into.children).set(keys, values, nullptr);
      return;
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (!keys[i].empty() && item->is_mapping() && !item->find(keys[i]) && !values[i].empty())
        set_entry(*item, keys[i], Node::plain(values[i], item->origin));
    }
    KeyedList(merged).set(keys, values, item);
  }

  /// The object's own items come after the patch's.
  void append_rest(const Node& into, const Strings& keys, std::vector<Node>& merged) {
    for (const Node& item : into.children) {
      if (keys[0].empty()) {
        KeyedList(merged).set({""}, {item.text}, &item);
        continue;
      }
      Strings values;
      for (const auto& key : keys) {
        const Node* value = item.find(key);
        if (value) {
          values.push_back(value->text);
        } else {
          merged.push_back(item);
        }
      }
      if (values.empty()) warn_of_lost_items(item, keys);
      if (keys.size() > 1) KeyedList(merged).set(keys, values, nullptr);
      KeyedList(merged).set(keys, values, &item);
    }
  }

  void warn_of_lost_items(const Node& item, const Strings& keys) {
    found_.warning(
        "kustomize-merge-key", item.range(),
        fmt::format("this item has no '{}', so kustomize loses the items before it when it merges a "
                    "patch into this object",
                    keys[0]));
  }

  Diagnostics& found_;
};

std::string_view text_at(const Node& object, std::string_view key) {
  const Node* value = object.find(key);
  return value && value->is_scalar() ? std::string_view(value->text) : std::string_view{};
}

}  // namespace

bool merge_object(Node& object, Node patch, Diagnostics& found) {
  const KnownKind* known = find_kind(text_at(object, "apiVersion"), text_at(object, "kind"));
  Node* result =
      Merger(found).merge(&object, &patch, Schema{known ? known->type : std::string_view{}, nullptr});
  if (!result || result->children.empty()) return false;
  if (result != &object) object = std::move(*result);
  return true;
}

}  // namespace marty::kustomize
