#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/function_ref.hpp"
#include "manifest/node.hpp"
#include "schema/place.hpp"

/// Ways through an object as it was written, for rules that look at single fields of many kinds.
namespace marty::rules {

using manifest::Node;

/// The value at a dotted path ("spec.template.metadata.labels"); nullptr when the way ends. Keys that contain
/// dots are asked for with Node::find.
const Node* get(const Node& from, std::string_view path);
/// The text of the scalar there, or an empty one.
std::string_view text(const Node& from, std::string_view path);
/// The number there; nothing for what is absent or no integer.
std::optional<std::int64_t> number(const Node& from, std::string_view path);
bool is_true(const Node* node);
/// Whether there is one that has entries; a manifest may say anything anywhere.
inline bool is_mapping(const Node* node) { return node != nullptr && node->is_mapping(); }

/// The way to a value, "spec.http[0].route[1].weight", put into words when somebody asks.
class Path {
 public:
  Path(const schema::Place& steps) : steps_(&steps) {}
  Path(const std::string& words) : words_(words) {}
  Path(std::string&& words) : words_(std::move(words)) {}

  const std::string& words() const {
    if (steps_ != nullptr) words_ = std::exchange(steps_, nullptr)->path();
    return words_;
  }
  operator const std::string&() const { return words(); }
  friend std::string operator+(const Path& path, const Path& more) { return path.words() + more.words(); }
  template <std::convertible_to<std::string_view> Text>
  friend std::string operator+(const Path& path, const Text& more) {
    return std::string(path.words()).append(more);
  }
  template <std::convertible_to<std::string_view> Text>
  friend std::string operator+(const Text& before, const Path& path) {
    return std::string(before).append(path.words());
  }

 private:
  mutable const schema::Place* steps_ = nullptr;
  mutable std::string words_;
};

/// A value and how to get there; no longer than the call it is given to.
struct Place {
  const Node& node;
  Path path;
};
/// Calls `see` for every value a pattern leads to. "[]" means each item of a sequence, "{}" each value of a
/// mapping: "spec.http[].route[].destination.host".
void each(const Node& root, std::string_view pattern, FunctionRef<void(const Place&)> see);
/// Every scalar below a node, whatever it is called.
void each_scalar(const Node& root, FunctionRef<void(const Place&)> see);

}  // namespace marty::rules

template <>
struct fmt::formatter<marty::rules::Path> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const marty::rules::Path& path, Context& context) const {
    return fmt::formatter<std::string_view>::format(path.words(), context);
  }
};
