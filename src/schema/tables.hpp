#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "manifest/node.hpp"

/// What objects of the known kinds may look like, as flat arrays: the built-in ones are constants of the
/// program, so that loading them costs nothing; those of a user's CRDs have the same shape. Indexes refer
/// into the arrays of one Tables; schema 0 is "anything" and extra 0 is "no constraint".
namespace marty::schema {

/// A stretch of Tables::pool.
struct Text {
  std::uint32_t at = 0, size = 0;
};

/// A stretch of another array.
struct Range {
  std::uint32_t first = 0, count = 0;
};

enum class Type : std::uint8_t { kAny, kObject, kArray, kString, kInteger, kNumber, kBoolean, kIntOrString };

enum Flags : std::uint16_t {
  kNullable = 1,
  kKeepsUnknown = 2,   ///< x-kubernetes-preserve-unknown-fields
  kUniqueItems = 4,    ///< list type set
  kHasRules = 8,       ///< it or something inside has CEL rules
  kEmbedded = 16,      ///< a whole object with apiVersion, kind and metadata
  kExperimental = 32,  ///< a property that only the experimental channel of Gateway API has
};

struct Schema {
  Type type = Type::kAny;
  std::uint8_t format = 0;  ///< index of formats()
  std::uint16_t flags = 0;
  Range properties;                     ///< sorted by mark
  Range required;                       ///< in texts
  std::uint32_t items = 0, values = 0;  ///< of a list; of a mapping with free keys
  std::uint32_t extra = 0;
  Range slots;  ///< a hash table of its properties: a power of two of them
};

struct Property {
  Text name;
  std::uint32_t schema = 0;
  std::uint32_t mark = 0;  ///< manifest::mark_of(name), so a search compares numbers
};

/// The slot where a search for a property begins; it goes on, around the end, until one is empty.
constexpr std::uint32_t first_slot(std::uint32_t mark, Range slots) {
  return ((mark * 0x9e3779b1u) >> 16) & (slots.count - 1);
}

constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();

/// The rarer constraints of a schema.
struct Extra {
  Range enums;   ///< in texts
  Text pattern;  ///< RE2, found anywhere in the value
  double minimum = -std::numeric_limits<double>::infinity(),
         maximum = std::numeric_limits<double>::infinity();
  double multiple_of = 0;                             ///< 0: of nothing
  bool above_minimum = false, below_maximum = false;  ///< the bound itself is excluded
  std::uint8_t key_format = 0;
  std::int64_t min_length = 0, max_length = kNoBound;  ///< characters
  std::int64_t min_items = 0, max_items = kNoBound;
  std::int64_t min_properties = 0, max_properties = kNoBound;
  Range all_of, any_of, one_of;  ///< in ids
  std::uint32_t none_of = 0;     ///< `not`
  Range list_keys;               ///< in texts; together they are unique in the list
  Range rules;
  Text by_default;  ///< JSON

  bool has_choices() const { return (all_of.count | any_of.count | one_of.count | none_of) != 0; }
};

/// A CEL expression about a value, called `self`, that must be true.
struct Rule {
  Text expression, says;
};

enum KindFlags : std::uint8_t {
  kNamespaced = 1,
  kServed = 2,
  kDeprecated = 4,
  kNative = 8,  ///< decoded by Go structs in the API server: null is absent, at any place
  kStatus = 16  ///< `status` is a subresource: ignored when an object is created
};

struct Kind {
  Text group, kind, version;
  std::uint32_t mark = 0;  ///< manifest::mark_of(kind), which they are sorted by
  std::uint32_t schema = 0;
  std::uint8_t flags = 0, name_format = 0;
};

struct Tables {
  std::span<const Schema> schemas;
  std::span<const Property> properties;
  std::span<const std::uint32_t> slots;  ///< 0: empty; else one more than the index of a property
  std::span<const Extra> extras;
  std::span<const std::uint32_t> ids;
  std::span<const Text> texts;
  std::span<const Rule> rules;
  std::span<const Kind> kinds;  ///< sorted by mark, kind, group, version
  std::string_view pool;
  std::uint32_t object_meta = 0;  ///< the schema of metadata; 0: these tables have none

  std::string_view text(Text t) const { return {pool.data() + t.at, t.size}; }
  std::span<const Text> texts_of(Range r) const { return texts.subspan(r.first, r.count); }
  std::span<const std::uint32_t> ids_of(Range r) const { return ids.subspan(r.first, r.count); }
  std::span<const Property> properties_of(const Schema& s) const {
    return properties.subspan(s.properties.first, s.properties.count);
  }
  const Extra& extra_of(const Schema& s) const { return extras[s.extra]; }
  /// nullptr when there is no property of that name.
  const Property* find(const Schema& schema, std::string_view name) const {
    return find(schema, name, manifest::mark_of(name));
  }
  const Property* find(const Schema& schema, const manifest::Node& key) const {
    return find(schema, key.text, key.mark);
  }
  const Property* find(const Schema& schema, std::string_view name, std::uint32_t mark_of_name) const {
    if (schema.slots.count == 0) return nullptr;
    const std::uint32_t* const table = slots.data() + schema.slots.first;
    std::uint32_t at = first_slot(mark_of_name, schema.slots);
    for (; table[at] != 0; at = (at + 1) & (schema.slots.count - 1)) {
      const Property& one = properties.data()[table[at] - 1];
      if (one.mark == mark_of_name && manifest::same(text(one.name), name)) return &one;
    }
    return nullptr;
  }
};

/// The kinds this program knows by itself: schemas/*.json. Written at build time by tools/embed_schemas.cpp.
extern const Tables kBuiltIn;

}  // namespace marty::schema
