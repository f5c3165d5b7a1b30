#include "kustomize/json_patch.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "kustomize/scalars.hpp"

namespace marty::kustomize {

namespace {

/// "/spec/containers/0/env~1x" as steps; nothing when it does not begin with a slash.
std::optional<std::vector<std::string>> split_pointer(std::string_view text) {
  std::vector<std::string> steps;
  if (text.empty()) return steps;
  if (text[0] != '/') return {};
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '/') {
      steps.emplace_back();
    } else if (text[at] == '~' && at + 1 < text.size() && (text[at + 1] == '0' || text[at + 1] == '1')) {
      steps.back() += text[++at] == '0' ? '~' : '/';
    } else {
      steps.back() += text[at];
    }
  }
  return steps;
}

class Operation {
 public:
  Operation(Node& object, const Node& operation, Diagnostics& found)
      : object_(object), operation_(operation), found_(found) {}

  bool run() {
    const std::string_view name = text("op");
    const bool needs_from = name == "move" || name == "copy";
    if (!operation_.is_mapping() || name.empty())
      return fail("an operation needs 'op', 'path' and often 'value'");
    const Node* path = operation_.find("path");
    if (!path || !path->is_scalar()) return fail("this operation needs a 'path'");
    if (needs_from && !operation_.find("from")) return fail(fmt::format("'{}' needs 'from'", name));
    if (name == "add") return put(value(), false);
    if (name == "replace") return put(value(), true);
    if (name == "remove") return take(text("path")).has_value();
    if (name == "test") return test();
    if (name == "move") {
      auto moved = take(text("from"));
      return moved && put(std::move(*moved), false);
    }
    if (name == "copy") {
      const Node* original = find(text("from"));
      return original ? put(Node(*original), false)
                      : fail(fmt::format("there is nothing at {}", text("from")));
    }
    return fail(
        fmt::format("'{}' is no operation; they are add, remove, replace, move, copy and test", name));
  }

 private:
  bool fail(std::string message) {
    const Node* place = operation_.find("path");
    found_.error("kustomize-patch", (place ? *place : operation_).range(), std::move(message))
        .notes.push_back({object_.range(), "the object"});
    return false;
  }

  std::string_view text(std::string_view key) const {
    const Node* node = operation_.find(key);
    return node && node->is_scalar() ? std::string_view(node->text) : std::string_view{};
  }

  Node value() const {
    const Node* written = operation_.find("value");
    Node out = written ? *written : Node{};
    settle_scalars_1_1(out);
    // A null of JSON is a value like any other, and is kept.
    if (out.is_null()) out.text = "null";
    return out;
  }

  /// A position in a list; the one after the last for "-" and for its number.
  std::optional<std::size_t> position(const Node& list, const std::string& step) const {
    if (step == "-") return list.children.size();
    std::int64_t index = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (error != std::errc{} || end != step.data() + step.size()) return {};
    const auto size = static_cast<std::int64_t>(list.children.size());
    if (index < 0) index += size;
    if (index < 0 || index > size) return {};
    return static_cast<std::size_t>(index);
  }

  Node* child(Node& from, const std::string& step) {
    if (!from.is_sequence()) return from.find(step);
    const auto at = position(from, step);
    return at && *at < from.children.size() ? &from.children[*at] : nullptr;
  }

  Node* follow(const std::vector<std::string>& steps, std::size_t count) {
    Node* node = &object_;
    for (std::size_t i = 0; node && i < count; ++i) node = child(*node, steps[i]);
    return node;
  }

  Node* find(std::string_view pointer) {
    const auto steps = split_pointer(pointer);
    return steps ? follow(*steps, steps->size()) : nullptr;
  }

  /// The mapping or list that holds what a pointer names; reported when there is none.
  Node* parent(std::string_view pointer, std::string& last) {
    const auto steps = split_pointer(pointer);
    if (!steps || steps->empty()) {
      fail("a path begins with '/' and names a field of the object");
      return nullptr;
    }
    Node* node = follow(*steps, steps->size() - 1);
    if (!node || (!node->is_mapping() && !node->is_sequence())) {
      fail(fmt::format("the object has nothing that could hold {}", pointer));
      return nullptr;
    }
    last = steps->back();
    return node;
  }

  bool put(Node value, bool replace) {
    std::string last;
    Node* holder = parent(text("path"), last);
    if (!holder) return false;
    if (replace) {
      Node* known = child(*holder, last);
      if (known) {
        *known = std::move(value);
        return true;
      }
      if (!holder->is_mapping()) return fail(fmt::format("there is nothing to replace at {}", text("path")));
      found_.warning("kustomize-patch", operation_.find("path")->range(),
                     fmt::format("there is nothing to replace at {}; kustomize adds it", text("path")));
    }
    if (holder->is_mapping()) {
      set_entry(*holder, last, std::move(value));
      return true;
    }
    const auto at = position(*holder, last);
    if (!at)
      return fail(fmt::format("{} is no position in a list of {}", text("path"), holder->children.size()));
    holder->children.insert(holder->children.begin() + static_cast<std::ptrdiff_t>(*at), std::move(value));
    return true;
  }

  std::optional<Node> take(std::string_view pointer) {
    std::string last;
    Node* holder = parent(pointer, last);
    if (!holder) return {};
    Node* known = child(*holder, last);
    if (!known) {
      fail(fmt::format("there is nothing at {}", pointer));
      return {};
    }
    Node out = std::move(*known);
    if (holder->is_mapping()) {
      remove_entry(*holder, last);
    } else {
      holder->children.erase(holder->children.begin() + (known - holder->children.data()));
    }
    return out;
  }

  bool test() {
    const Node* there = find(text("path"));
    const Node wanted = value();
    if (there ? same(*there, wanted) : wanted.is_null()) return true;
    return fail(fmt::format("the object is not as this test wants it at {}", text("path")));
  }

  /// Equal as JSON: the order of keys does not count.
  static bool same(const Node& a, const Node& b) {
    if (!a.is_mapping() || !b.is_mapping()) {
      if (!a.is_sequence() || !b.is_sequence()) return a == b;
      if (a.size() != b.size()) return false;
      for (std::size_t i = 0; i < a.size(); ++i) {
        if (!same(a.children[i], b.children[i])) return false;
      }
      return true;
    }
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Node* other = b.find(a.children[2 * i].text);
      if (!other || !same(a.children[2 * i + 1], *other)) return false;
    }
    return true;
  }

  Node& object_;
  const Node& operation_;
  Diagnostics& found_;
};

}  // namespace

bool apply_json_patch(Node& object, const Node& operations, Diagnostics& found) {
  settle_scalars(object);
  for (const Node& operation : operations.children) {
    if (!Operation(object, operation, found).run()) return false;
  }
  return true;
}

}  // namespace marty::kustomize
