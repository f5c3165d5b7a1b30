#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "core/origin.hpp"
#include "core/time.hpp"
#include "manifest/reader.hpp"

/// Two-way field maps. One row per field gives decoding, encoding, default, bounds, documentation and the
/// hints for unknown and misplaced fields. A kind says its fields in a function found by its type:
///
///   inline const Table& fields(Tag<OutlierDetection>) {
///     static const Fields<OutlierDetection> table{"OutlierDetection", {
///         field("interval", &OutlierDetection::interval, kIstioDuration, "time between two sweeps"),
///         field("maxEjectionPercent", &OutlierDetection::max_ejection_percent, range(0, 100), "…"),
///     }};
///     return table;
///   }
///
/// Members may be std::string, bool, integers, double, Duration, enums with `spellings(Tag<E>)`, IntOrString,
/// structs with `fields`, Node (kept as written), and Sourced, std::optional, std::vector,
/// std::map<std::string, …> or (in file order) std::vector<std::pair<Sourced<std::string>, …>> of these.
/// `Codec custom_codec(Tag<T>)` overrules. A struct with a member `Origin origin` learns where it was
/// written. Absent and null fields leave the member as it is. Encoding leaves out what nobody wrote and what
/// equals the default, unless the field is required, so decode(encode(x)) == x.
namespace marty::manifest {

template <class T>
struct Tag {};

/// A spelling of an enum's value.
struct Spelling {
  std::string_view text;
  int value;
};
template <class E>
constexpr Spelling spell(std::string_view text, E value) {
  return {text, static_cast<int>(value)};
}

/// Kubernetes' IntOrString: a port by number or by name.
struct IntOrString {
  std::int64_t number = 0;
  std::string text;  ///< used when not empty
  friend bool operator==(const IntOrString&, const IntOrString&) = default;
};

/// Inclusive bounds; durations in nanoseconds. Values must also be a multiple of `step`.
struct Range {
  double min = -1e300, max = 1e300;
  std::int64_t step = 1;
  std::string_view reason = {};  ///< said when violated, such as "Istio takes whole milliseconds"
};
constexpr Range range(double min, double max) { return {min, max, 1, {}}; }
constexpr Range at_least(double min) { return {min, 1e300, 1, {}}; }
/// Istio: at least 1ms, whole milliseconds (the CRD's rule duration(self) >= duration('1ms')).
constexpr Range kIstioDuration{1e6, 1e300, 1'000'000,
                               "Istio takes durations of at least 1ms, in whole milliseconds"};
constexpr Range kPositiveDuration{1, 1e300, 1, "it must be longer than zero"};

enum class Need { kOptional, kRequired };
constexpr Need kRequired = Need::kRequired;

/// At most one field of a group may be written.
struct OneOf {
  std::string_view group;
};

/// A condition on texts, with what it wants said for the user: "a DNS label such as v1".
struct Wants {
  bool (*accepts)(std::string_view);
  std::string_view description;
};

/// Accepted with a warning: of a deprecated field what to write instead, of one nobody carries out that it is
/// so.
struct Remark {
  std::string_view rule, text;
};
constexpr Remark deprecated(std::string_view instead) { return {"deprecated-field", instead}; }

class Table;

/// How one C++ type is read and written, with its type erased: all algorithms are compiled once, in
/// fields.cpp.
struct Codec {
  enum class Shape {
    kString,
    kBool,
    kInteger,
    kNumber,
    kDuration,
    kEnum,
    kIntOrString,
    kNode,
    kSourced,
    kOptional,
    kList,
    kMap,
    kStruct
  };
  Shape shape;
  const Codec& (*inner)() = nullptr;                   // sourced, optional, list, map
  const Table& (*table)() = nullptr;                   // struct
  std::span<const Spelling> (*spellings)() = nullptr;  // enum
  std::int64_t (*load)(const void*) = nullptr;         // bool, integer, duration, enum
  void (*store)(void*, std::int64_t) = nullptr;
  std::int64_t lowest = INT64_MIN, highest = INT64_MAX;  // integer
  void* (*place)(void*, const Node* key) = nullptr;      // sourced: the value; optional, list, map: a new one
  Origin* (*origin)(void*) = nullptr;                    // sourced; struct: nullptr when it has none
  std::size_t (*size)(const void*) = nullptr;            // optional, list, map
  const void* (*get)(const void*, std::size_t) = nullptr;  // sourced, optional, list
  using See = std::function<void(const std::string& key, Origin of_key, const void* value)>;
  void (*each)(const void*, const See&) = nullptr;  // map
};

template <class T>
const Codec& codec();

struct Row {
  std::string_view name;
  std::size_t offset = 0;
  const Codec& (*codec)() = nullptr;  ///< nullptr: accepted, not read
  Range bounds{};
  Need need = Need::kOptional;
  std::string_view group{}, doc{};
  Wants wants{};
  Remark remark{};

  void set(Range r) { bounds = r; }
  void set(Need n) { need = n; }
  void set(OneOf g) { group = g.group; }
  void set(Wants w) { wants = w; }
  void set(Remark r) { remark = r; }
  void set(std::string_view text) { doc = text; }
};

enum class Unknown {
  kError,
  kTolerated,  ///< for kinds of which we model only a part
};

/// The fields of one struct. Lives as long as the program.
class Table {
 public:
  using Check = std::function<void(const void*, const Node&, Reader&)>;
  Table(std::string_view name, std::vector<Row> rows, Unknown unknown, const void* defaults, Check check);
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  std::string_view name() const { return name_; }
  const std::vector<Row>& rows() const { return rows_; }

  void decode(Reader&, const Node&, void* out) const;
  /// A mapping; empty when there is nothing to write.
  Node encode(const void* value) const;

 private:
  using Set = std::uint64_t;  // of rows, a bit for each
  static constexpr std::size_t kRowsMax = 64;
  struct Seen {
    Set written = 0;
    Set meant = 0;  ///< misspelled: reported once, and not missing as well
  };
  Set bit(const Row& row) const { return Set{1} << (&row - rows_.data()); }
  const Row* find(std::string_view field, std::uint32_t mark) const;
  // Returns the field that was meant, if that is likely.
  const Row* report_unknown(Reader&, const Node& among, const Node& key) const;
  void check_written(Reader&, const Node&, Seen) const;

  std::string_view name_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> marks_;  // of the rows' names, to look at first
  Set required_ = 0, grouped_ = 0;
  Unknown unknown_;
  const void* defaults_;
  Check check_;
};

template <class T>
const T& default_of() {
  static const T value{};
  return value;
}

template <class T>
class Fields : public Table {
 public:
  /// `check` sees the whole struct after its fields were read without a finding of their own.
  Fields(std::string_view name, std::vector<Row> rows,
         void (*check)(const T&, const Node&, Reader&) = nullptr)
      : Fields(name, std::move(rows), Unknown::kError, check) {}
  Fields(std::string_view name, std::vector<Row> rows, Unknown unknown,
         void (*check)(const T&, const Node&, Reader&) = nullptr)
      : Table(name, std::move(rows), unknown, &default_of<T>(), erase(check)) {}

 private:
  static Check erase(void (*check)(const T&, const Node&, Reader&)) {
    if (!check) return {};
    return [check](const void* value, const Node& node, Reader& reader) {
      check(*static_cast<const T*>(value), node, reader);
    };
  }
};

/// One row. Options in any order: Range, kRequired, OneOf, Wants, Remark, and the documentation as a
/// text.
template <class T, class M, class... Options>
Row field(std::string_view name, M T::*member, Options... options) {
  const T& probe = default_of<T>();
  const auto offset = reinterpret_cast<const char*>(&(probe.*member)) - reinterpret_cast<const char*>(&probe);
  Row row{name, static_cast<std::size_t>(offset), &codec<M>};
  (row.set(options), ...);
  return row;
}

/// A field that exists and means nothing to us, such as one that only a cluster fills in.
template <class... Options>
Row ignored(std::string_view name, Options... options) {
  Row row{name};
  (row.set(options), ...);
  return row;
}

namespace detail {
template <const Table& (*table)()>
const Codec& group_codec() {
  static const Codec made = [] {
    Codec c{};
    c.shape = Codec::Shape::kStruct;
    c.table = table;
    return c;
  }();
  return made;
}
}  // namespace detail

/// A mapping in the text whose fields are members of this same struct: `probes: {liveness: …}`.
template <const Table& (*table)(), class... Options>
Row group(std::string_view name, Options... options) {
  Row row{name, 0, &detail::group_codec<table>};
  (row.set(options), ...);
  return row;
}

/// Decodes a whole object, or a node at `path` inside of one, into `out`; false when findings were added that
/// are errors.
bool decode(const Table&, const Node&, void* out, ObjectRef, Diagnostics&, std::string path = {});
template <class T>
bool decode(const Node& node, T& out, ObjectRef object, Diagnostics& found, std::string path = {}) {
  return decode(fields(Tag<T>{}), node, &out, std::move(object), found, std::move(path));
}
template <class T>
Node encode(const T& value) {
  return fields(Tag<T>{}).encode(&value);
}

namespace detail {
template <class T, template <class...> class Of>
constexpr bool is_a = false;
template <class... A, template <class...> class Of>
constexpr bool is_a<Of<A...>, Of> = true;

template <class T>
constexpr bool is_ordered_map = false;
template <class T>
constexpr bool is_ordered_map<std::vector<std::pair<Sourced<std::string>, T>>> = true;

template <class T>
Codec make_codec() {
  using Shape = Codec::Shape;
  Codec c{};
  if constexpr (requires { custom_codec(Tag<T>{}); }) {
    c = custom_codec(Tag<T>{});
  } else if constexpr (std::is_same_v<T, std::string>) {
    c.shape = Shape::kString;
  } else if constexpr (std::is_same_v<T, double>) {
    c.shape = Shape::kNumber;
  } else if constexpr (std::is_same_v<T, IntOrString>) {
    c.shape = Shape::kIntOrString;
  } else if constexpr (std::is_same_v<T, Node>) {
    c.shape = Shape::kNode;
  } else if constexpr (std::is_same_v<T, Duration>) {
    c.shape = Shape::kDuration;
    c.load = [](const void* p) { return static_cast<const T*>(p)->count(); };
    c.store = [](void* p, std::int64_t v) { *static_cast<T*>(p) = Duration{v}; };
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    c.shape = std::is_enum_v<T> ? Shape::kEnum : std::is_same_v<T, bool> ? Shape::kBool : Shape::kInteger;
    c.load = [](const void* p) { return static_cast<std::int64_t>(*static_cast<const T*>(p)); };
    c.store = [](void* p, std::int64_t v) { *static_cast<T*>(p) = static_cast<T>(v); };
    if constexpr (std::is_enum_v<T>) {
      c.spellings = []() -> std::span<const Spelling> { return spellings(Tag<T>{}); };
    } else {
      c.lowest = sizeof(T) < 8 || std::is_unsigned_v<T>
                     ? static_cast<std::int64_t>(std::numeric_limits<T>::min())
                     : INT64_MIN;
      c.highest = sizeof(T) < 8 ? static_cast<std::int64_t>(std::numeric_limits<T>::max()) : INT64_MAX;
    }
  } else if constexpr (is_a<T, Sourced>) {
    c.shape = Shape::kSourced;
    c.inner = &codec<decltype(T::value)>;
    c.place = [](void* p, const Node*) -> void* { return &static_cast<T*>(p)->value; };
    c.get = [](const void* p, std::size_t) -> const void* { return &static_cast<const T*>(p)->value; };
    c.origin = [](void* p) { return &static_cast<T*>(p)->origin; };
  } else if constexpr (is_a<T, std::optional>) {
    c.shape = Shape::kOptional;
    c.inner = &codec<typename T::value_type>;
    // Clang 16 does not know in time that a nested struct can be made of nothing, but moves one.
    c.place = [](void* p, const Node*) -> void* {
      return &static_cast<T*>(p)->emplace(typename T::value_type{});
    };
    c.size = [](const void* p) -> std::size_t { return static_cast<const T*>(p)->has_value() ? 1 : 0; };
    c.get = [](const void* p, std::size_t) -> const void* { return &**static_cast<const T*>(p); };
  } else if constexpr (is_ordered_map<T>) {
    c.shape = Shape::kMap;
    c.inner = &codec<typename T::value_type::second_type>;
    c.place = [](void* p, const Node* key) -> void* {
      auto& entry = static_cast<T*>(p)->emplace_back();
      entry.first = {key->text, key->origin};
      return &entry.second;
    };
    c.size = [](const void* p) { return static_cast<const T*>(p)->size(); };
    c.each = [](const void* p, const Codec::See& see) {
      for (const auto& [key, value] : *static_cast<const T*>(p)) see(*key, key.origin, &value);
    };
  } else if constexpr (is_a<T, std::vector>) {
    c.shape = Shape::kList;
    c.inner = &codec<typename T::value_type>;
    c.place = [](void* p, const Node*) -> void* { return &static_cast<T*>(p)->emplace_back(); };
    c.size = [](const void* p) { return static_cast<const T*>(p)->size(); };
    c.get = [](const void* p, std::size_t i) -> const void* { return &(*static_cast<const T*>(p))[i]; };
  } else if constexpr (is_a<T, std::map>) {
    c.shape = Shape::kMap;
    c.inner = &codec<typename T::mapped_type>;
    c.place = [](void* p, const Node* key) -> void* { return &(*static_cast<T*>(p))[key->text]; };
    c.size = [](const void* p) { return static_cast<const T*>(p)->size(); };
    c.each = [](const void* p, const Codec::See& see) {
      for (const auto& [key, value] : *static_cast<const T*>(p)) see(key, {}, &value);
    };
  } else {
    c.shape = Shape::kStruct;
    c.table = []() -> const Table& { return fields(Tag<T>{}); };
    if constexpr (requires(T & t) {
                    { t.origin } -> std::same_as<Origin&>;
                  }) {
      c.origin = [](void* p) { return &static_cast<T*>(p)->origin; };
    }
  }
  return c;
}
}  // namespace detail

template <class T>
const Codec& codec() {
  static const Codec made = detail::make_codec<T>();
  return made;
}

}  // namespace marty::manifest
