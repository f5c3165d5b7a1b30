#pragma once

#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "manifest/node.hpp"
#include "schema/defaults.hpp"
#include "schema/patterns.hpp"
#include "schema/tables.hpp"

namespace marty::schema {

/// A value while a CEL expression is computed. Cheap to copy: texts and lists belong to the document or to
/// the evaluation.
struct CelValue {
  enum class Kind : std::uint8_t { kNull, kBool, kInt, kDouble, kString, kList, kMap, kDuration, kError };
  Kind kind = Kind::kNull;
  std::int64_t number = 0;  ///< bool, int; nanoseconds of a duration
  double real = 0;
  std::string_view text;                         ///< string; what went wrong, of an error
  const manifest::Node* node = nullptr;          ///< list or map as written
  std::uint32_t schema = 0;                      ///< of the node
  const std::vector<CelValue>* items = nullptr;  ///< list or map made by the expression: key, value, …

  static CelValue boolean(bool b) { return {Kind::kBool, b}; }
  static CelValue integer(std::int64_t i) { return {Kind::kInt, i}; }
  static CelValue string(std::string_view s) { return {Kind::kString, 0, 0, s}; }
  static CelValue duration(Duration d) { return {Kind::kDuration, d.count()}; }
  static CelValue error(std::string_view why) { return {Kind::kError, 0, 0, why}; }

  bool is(Kind k) const { return kind == k; }
  bool is_true() const { return kind == Kind::kBool && number != 0; }
  bool is_false() const { return kind == Kind::kBool && number == 0; }
  bool is_number() const { return kind == Kind::kInt || kind == Kind::kDouble; }
  double as_double() const { return kind == Kind::kInt ? static_cast<double>(number) : real; }
};

/// Where one evaluation keeps what it makes, and how documents are looked into.
class CelMemory {
 public:
  CelMemory(const Tables& tables, Patterns& patterns, Defaults& defaults)
      : tables_(tables), patterns_(patterns), defaults_(defaults) {}

  CelValue of(const manifest::Node&, std::uint32_t schema);
  /// A field of a map, or its default; an error when it is absent.
  CelValue field(const CelValue& map, std::string_view name);
  bool has(const CelValue& map, std::string_view name);
  /// Whether a map has this key, whatever its value.
  bool holds(const CelValue& map, std::string_view key);
  std::size_t size(const CelValue& list_or_map) const;
  /// An item of a list, or the i-th key of a map, which is what macros go through.
  CelValue item(const CelValue& list_or_map, std::size_t i);

  Patterns& patterns() { return patterns_; }
  std::string_view keep(std::string text) { return texts_.emplace_front(std::move(text)); }
  const std::vector<CelValue>* keep(std::vector<CelValue> items) {
    return &lists_.emplace_front(std::move(items));
  }

 private:
  const Tables& tables_;
  Patterns& patterns_;
  Defaults& defaults_;
  std::forward_list<std::string> texts_;
  std::forward_list<std::vector<CelValue>> lists_;
};

bool equal(CelMemory&, const CelValue&, const CelValue&);

/// Functions and methods; of a method the receiver is the first argument.
CelValue call(CelMemory&, std::string_view function, const std::vector<CelValue>& arguments);

}  // namespace marty::schema
