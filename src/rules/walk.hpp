#pragma once

#include <fmt/format.h>

#include <array>
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
class Found;

/// A way through an object, "spec.http[].route[]": "[]" means each item of a sequence, "{}" each value of a
/// mapping. A literal is taken apart while compiling; of other texts it keeps views. Keys that contain dots
/// are asked for with Node::find.
class Way {
 public:
  static constexpr std::uint32_t kItems = 2, kValues = 3, kNowhere = 4;  ///< no marks of keys
  struct Step {
    std::string_view key;
    std::uint32_t mark = 0;
  };

  constexpr Way() = default;
  template <std::size_t N>
  consteval Way(const char (&text)[N]) {
    take_apart({text, N - 1});
  }
  template <std::convertible_to<std::string_view> Text>
  requires(!std::is_array_v<Text>) Way(const Text& text) { take_apart(text); }
  const Step* begin() const { return steps_.data(); }
  const Step* end() const { return steps_.data() + count_; }
  std::string_view words() const { return words_; }

 private:
  static constexpr std::size_t kStepsMax = 12;

  constexpr void take_apart(std::string_view text) {
    words_ = text;
    for (count_ = 0; !text.empty(); ++count_) {
      if (count_ == kStepsMax) {  // longer than any of ours: made of what a manifest says, and leads nowhere
        steps_[0] = {{}, kNowhere};
        count_ = 1;
        return;
      }
      if (text.front() == '.') text.remove_prefix(1);
      auto& step = steps_[count_];
      std::size_t size = 2;
      if (text.starts_with("[]") || text.starts_with("{}")) {
        step.mark = text.front() == '[' ? kItems : kValues;
      } else {
        for (size = 0; size < text.size() && text[size] != '.' && text[size] != '[' && text[size] != '{';)
          ++size;
        step = {text.substr(0, size), manifest::mark_of(text.substr(0, size))};
      }
      text.remove_prefix(size);
    }
  }

  std::array<Step, kStepsMax> steps_;
  std::size_t count_ = 0;
  std::string_view words_;
};

/// The value at a way of keys only ("spec.template.metadata.labels"); nullptr when the way ends.
const Node* get(const Node& from, const Way&);
/// The text of the scalar there, or an empty one.
std::string_view text(const Node& from, const Way&);
/// The text of a scalar, or an empty one.
inline std::string_view text_of(const Node* node) {
  return node != nullptr && node->is_scalar() ? std::string_view(node->text) : std::string_view{};
}
/// The number there; nothing for what is absent or no integer.
std::optional<std::int64_t> number(const Node& from, const Way&);
bool is_true(const Node* node);
/// Whether there is one that has entries; a manifest may say anything anywhere.
inline bool is_mapping(const Node* node) { return node != nullptr && node->is_mapping(); }

/// The way to a value, "spec.http[0].route[1].weight", put into words when somebody asks.
class Path {
 public:
  Path(const schema::Place& steps) : steps_(&steps) {}
  Path(const Found& found, std::size_t value) : found_(&found), value_(value) {}
  Path(const std::string& words) : words_(words) {}
  Path(std::string&& words) : words_(std::move(words)) {}

  const std::string& words() const {
    if (steps_ != nullptr || found_ != nullptr) put_into_words();
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
  void put_into_words() const;

  mutable const schema::Place* steps_ = nullptr;
  mutable const Found* found_ = nullptr;
  std::size_t value_ = 0;
  mutable std::string words_;
};

/// A value and how to get there; no longer than the call it is given to.
struct Place {
  const Node& node;
  Path path;
};
/// Calls `see` for every value a way leads to.
void each(const Node& root, const Way&, FunctionRef<void(const Place&)> see);
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
