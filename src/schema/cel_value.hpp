#pragma once

#include <algorithm>
#include <cstdint>
#include <forward_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "manifest/node.hpp"
#include "schema/cel.hpp"
#include "schema/defaults.hpp"
#include "schema/patterns.hpp"
#include "schema/tables.hpp"

namespace marty::schema {

/// A value while a CEL expression is computed: two registers. Texts and lists belong to the document or to
/// the evaluation.
struct CelValue {
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kDouble, kString, kList, kMap, kDuration, kError };
  union {
    std::int64_t number = 0;     ///< bool, int; nanoseconds of a duration
    double real;                 ///< double
    const char* bytes;           ///< string; what went wrong, of an error
    const manifest::Node* node;  ///< list or map as written
    const CelValue* items;       ///< list or map that is made
  };

  CelValue() = default;
  static CelValue boolean(bool b) { return {Kind::kBool, b}; }
  static CelValue integer(std::int64_t i) { return {Kind::kInt, i}; }
  static CelValue duration(Duration d) { return {Kind::kDuration, d.count()}; }
  static CelValue floating(double d) {
    CelValue out(Kind::kDouble, 0);
    out.real = d;
    return out;
  }
  static CelValue string(std::string_view s) { return {Kind::kString, s}; }
  static CelValue error(std::string_view why) { return {Kind::kError, why}; }
  static CelValue written(Kind kind, const manifest::Node& node, std::uint32_t schema) {
    CelValue out(kind, 0, schema);
    out.node = &node;
    return out;
  }
  static CelValue made(Kind kind, const std::vector<CelValue>& items) {
    CelValue out(kind, 0, static_cast<std::uint32_t>(items.size()));
    out.head_ |= kMade;
    out.items = items.data();
    return out;
  }

  Kind kind() const { return static_cast<Kind>(head_ & 0xff); }
  bool is(Kind k) const { return kind() == k; }
  bool is_true() const { return is(Kind::kBool) && number != 0; }
  bool is_false() const { return is(Kind::kBool) && number == 0; }
  bool is_number() const { return is(Kind::kInt) || is(Kind::kDouble); }
  /// 0 of what is no number.
  double as_double() const {
    return is(Kind::kInt) ? static_cast<double>(number) : is(Kind::kDouble) ? real : 0;
  }
  std::string_view text() const {
    return is(Kind::kString) ? std::string_view(bytes, count()) : std::string_view{};
  }
  /// Of a list or map: by the expression, not written.
  bool is_made() const { return (head_ & kMade) != 0; }
  /// Of a list or map as written.
  std::uint32_t schema() const { return static_cast<std::uint32_t>(head_ >> 32); }
  /// Bytes of a text; items of what is made, of a map key, value, …
  std::uint32_t count() const { return static_cast<std::uint32_t>(head_ >> 32); }

 private:
  static constexpr std::uint64_t kMade = 0x100;

  CelValue(Kind kind, std::int64_t value, std::uint32_t count = 0)
      : number(value), head_(static_cast<std::uint64_t>(kind) | std::uint64_t{count} << 32) {}
  CelValue(Kind kind, std::string_view text)
      : CelValue(kind, 0, static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), UINT32_MAX))) {
    bytes = text.data();
  }

  std::uint64_t head_ = 0;  // in one word, which compilers handle better than its parts
};
static_assert(sizeof(CelValue) == 16);

/// Where one evaluation keeps what it makes, and how documents are looked into.
class CelMemory {
 public:
  CelMemory(const Tables& tables, Patterns& patterns, Defaults& defaults)
      : tables_(tables), patterns_(patterns), defaults_(defaults) {}

  CelValue of(const manifest::Node&, std::uint32_t schema);
  /// A field of a map, or its default; an error when it is absent.
  CelValue field(CelValue map, std::string_view name);
  bool has(CelValue map, std::string_view name);
  /// The same of the field that an expression names.
  CelValue field(CelValue map, Cel& named);
  bool has(CelValue map, Cel& named);
  /// Whether a map has this key, whatever its value.
  bool holds(CelValue map, std::string_view key);
  std::size_t size(CelValue list_or_map) const;
  /// An item of a list, or the i-th key of a map, which is what macros go through.
  CelValue item(CelValue list_or_map, std::size_t i);

  Patterns& patterns() { return patterns_; }
  std::string_view keep(std::string text) { return texts_.emplace_front(std::move(text)); }
  /// A list, or a map, that an expression made.
  CelValue made(CelValue::Kind, std::vector<CelValue> items);

 private:
  CelValue scalar(const manifest::Node&, std::uint32_t schema) const;
  Cel::Known known(std::uint32_t schema, std::string_view field, std::uint32_t mark);

  const Tables& tables_;
  Patterns& patterns_;
  Defaults& defaults_;
  std::forward_list<std::string> texts_;
  std::forward_list<std::vector<CelValue>> lists_;
};

inline CelValue CelMemory::of(const manifest::Node& node, std::uint32_t schema) {
  if (node.is_mapping()) return CelValue::written(CelValue::Kind::kMap, node, schema);
  if (node.is_sequence()) return CelValue::written(CelValue::Kind::kList, node, schema);
  return node.is_null() ? CelValue{} : scalar(node, schema);
}

inline CelValue CelMemory::field(CelValue map, Cel& named) {
  if (!map.is(CelValue::Kind::kMap) || map.is_made()) return field(map, named.text);
  if (named.known.of != map.schema()) named.known = known(map.schema(), named.text, named.mark);
  const manifest::Node* found = map.node->find(named.text, named.mark);
  if (!found || found->is_null()) found = named.known.by_default;
  return found ? of(*found, named.known.schema) : CelValue::error("no such key");
}

inline bool CelMemory::has(CelValue map, Cel& named) {
  if (!map.is(CelValue::Kind::kMap) || map.is_made()) return has(map, named.text);
  const manifest::Node* found = map.node->find(named.text, named.mark);
  if (found && !found->is_null()) return true;
  if (named.known.of != map.schema()) named.known = known(map.schema(), named.text, named.mark);
  return named.known.by_default != nullptr;
}

bool equal(CelMemory&, CelValue, CelValue);

using CelArguments = std::span<const CelValue>;
constexpr std::size_t kCelArgumentsMax = 3;

/// A function or method; of a method the receiver is the first argument.
struct CelFunction {
  std::string_view name;
  std::string_view
      wants;  ///< kinds of its arguments: s text, i whole number, a anything; behind '?' optional
  CelValue (*run)(CelMemory&, CelArguments);
};
/// nullptr when there is none of this name.
const CelFunction* find_cel_function(std::string_view name);
CelValue call(CelMemory&, const CelFunction&, CelArguments);

}  // namespace marty::schema
