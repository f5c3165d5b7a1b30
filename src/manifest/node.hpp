#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/origin.hpp"

namespace marty::manifest {

/// Equality of short texts, without a call.
inline bool same(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  const char *left = a.data(), *right = b.data();
  if (size < 4) {
    return size == 0 ||
           (left[0] == right[0] && left[size / 2] == right[size / 2] && left[size - 1] == right[size - 1]);
  }
  if (size < 8) {
    return std::memcmp(left, right, 4) == 0 && std::memcmp(left + size - 4, right + size - 4, 4) == 0;
  }
  for (std::size_t at = 0; at + 8 < size; at += 8)
    if (std::memcmp(left + at, right + at, 8) != 0) return false;
  return std::memcmp(left + size - 8, right + size - 8, 8) == 0;  // may look at some bytes again
}

struct Node;

/// What few nodes have: the others pay for a pointer only. Copies are deep.
template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) { return *this = Rare(other); }
  Rare& operator=(Rare&&) noexcept = default;

  const T* get() const { return value_.get(); }
  T& make() { return value_ ? *value_ : *(value_ = std::make_unique<T>()); }
  void clear() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

/// One `key: value` of a mapping. The key is a node because it has a place of its own.
struct EntryView {
  const Node& key;
  const Node& value;
};

/// What an unquoted scalar means to Kubernetes (YAML 1.1 as its Go reader sees it: yes, no, on and off are
/// bools, but y and n are strings).
enum class ScalarType { kNull, kBool, kInteger, kNumber, kString };
ScalarType plain_type(std::string_view text);

/// A few bytes of a key in one number, never 0: keys whose marks differ are different.
constexpr std::uint32_t mark_of(std::string_view key) {
  if (key.empty()) return 1;
  const auto byte = [&](std::size_t at) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(key[at]));
  };
  const auto size = static_cast<std::uint32_t>(key.size());
  return ((size << 24) ^ (byte(key.size() / 2) << 16) ^ (byte(key.size() - 1) << 8) ^ byte(0)) | (1u << 31);
}

/// What is known of a value beside its content.
struct NodeHead {
  enum class Kind : std::uint8_t { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  bool is_text = false;  ///< a scalar that is a string whatever it looks like: quoted, block, or tagged !!str
  std::uint16_t length = 0;  ///< of what is on the first line
  Origin origin;
  std::uint32_t mark = 0;  ///< of a key: mark_of(text); saves `find` most looks
};

/// A piece of a YAML document that knows where it was written; a value type. Origins and lengths count
/// characters. Read nodes carry no comments: those are for the writer.
struct Node : NodeHead {
  Node() = default;
  Node(const NodeHead& head, std::string_view content) : NodeHead(head), text(content) {}

  std::string text;            ///< of a scalar, unescaped; of a null as it was spelled, if at all
  std::vector<Node> children;  ///< items of a sequence; of a mapping key, value, key, value …

  struct Comments {
    std::string head;  ///< lines above; "\n" between them, no "#"
    std::string line;  ///< after the value
  };
  Rare<Comments> comments;

  static Node string(std::string text, Origin = {});
  static Node plain(std::string text, Origin = {});  ///< a number or bool, written as it is
  static Node mapping(Origin = {});
  static Node sequence(Origin = {});

  bool is_null() const { return kind == Kind::kNull; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  bool is_mapping() const { return kind == Kind::kMapping; }
  bool is_sequence() const { return kind == Kind::kSequence; }
  /// Of a scalar or null.
  ScalarType type() const {
    return is_null() ? ScalarType::kNull : is_text ? ScalarType::kString : plain_type(text);
  }
  SourceRange range() const { return {origin, length}; }

  std::size_t size() const { return is_mapping() ? children.size() / 2 : children.size(); }
  EntryView entry(std::size_t i) const { return {children[2 * i], children[2 * i + 1]}; }
  /// The value under a key of a mapping; nullptr when absent or when this is no mapping.
  const Node* find(std::string_view key) const { return find(key, mark_of(key)); }
  const Node* find(std::string_view key, std::uint32_t mark_of_key) const;
  Node* find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }
  /// Follows keys ("spec", "http") and, in a sequence, decimal indexes; nullptr when the way ends.
  Node* at(std::initializer_list<std::string_view> path);
  const Node* at(std::initializer_list<std::string_view> path) const {
    return const_cast<Node*>(this)->at(path);
  }
  /// The text of the scalar that a path leads to; empty when there is none.
  std::string text_at(std::initializer_list<std::string_view> path) const;

  /// Of a key, whose text must not be changed in another way.
  void rename(std::string key) {
    text = std::move(key);
    mark = mark_of(text);
  }
  /// Appends an entry (the key must be new) or an item; returns the new value.
  Node& add(std::string_view key, Node value);
  Node& add(Node item);
  Node& comment(std::string head);
  Node& line_comment(std::string line);

  /// Same meaning: comments, places and quoting style do not count, but the string "5" is not the number 5.
  friend bool operator==(const Node&, const Node&);
};

}  // namespace marty::manifest
