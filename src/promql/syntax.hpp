#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// PromQL as Prometheus 2 and 3 read it: https://prometheus.io/docs/prometheus/latest/querying/basics
namespace marty::promql {

constexpr std::size_t kBytesMax = 64 * 1024;  ///< of one expression
constexpr std::size_t kDepthMax = 300;        ///< nesting; a chain of operators nests as well

enum class Type : std::uint8_t { kScalar, kString, kVector, kMatrix, kUnknown };
std::string_view to_string(Type);

/// `label op "value"` in braces.
struct Matcher {
  std::string label, op, value;
  std::size_t at = 0;  ///< of the label, in bytes from the start of the text
};

struct Label {
  std::string name;
  std::size_t at = 0;
};

/// One node of a query; a value. Offsets are bytes from the start of the text.
struct Expr {
  enum class Kind : std::uint8_t {
    kNumber,
    kString,
    kSelector,     ///< name{matchers}
    kRange,        ///< child[seconds]
    kSubquery,     ///< child[seconds:step]
    kCall,         ///< name(children)
    kAggregation,  ///< name by|without (labels) (children); the vector comes last
    kUnary,        ///< name is + or -
    kBinary,       ///< children[0] name children[1]
    kParens,
    kMacro,  ///< a Grafana variable: anything
  };
  enum class Grouping : std::uint8_t { kNone, kBy, kWithout };
  enum class Matching : std::uint8_t { kAll, kOn, kIgnoring };
  enum class Group : std::uint8_t { kNone, kLeft, kRight };

  Kind kind = Kind::kNumber;
  Type type = Type::kScalar;
  bool offset = false, timestamp = false;  ///< has an `offset`, an `@`
  bool returns_bool = false;
  Grouping grouping = Grouping::kNone;
  Matching matching = Matching::kAll;
  Group group = Group::kNone;
  std::size_t at = 0, end = 0;
  std::size_t name_at = 0;
  std::size_t depth = 1;          ///< of the tree below, itself included
  std::string name;               ///< metric (may be empty), function, operator, or the text of a string
  double number = 0;              ///< a number's value
  std::optional<double> seconds;  ///< of a range; nothing when a macro says it
  std::vector<Matcher> matchers;
  std::vector<Label> labels;    ///< of by, without, on, ignoring
  std::vector<Label> included;  ///< of group_left, group_right
  std::vector<Expr> children;

  bool is(Kind k) const { return kind == k; }
};

struct Problem {
  std::size_t at = 0;
  std::string message;
};

/// Grafana replaces $var, ${var:format} and [[var]] before Prometheus sees the query; they are read as
/// something that fits wherever they stand.
enum class Dialect : std::uint8_t { kPrometheus, kGrafana };

/// Either the whole expression, checked for types, or the first problem. Regular expressions are not
/// compiled.
struct Parsed {
  Expr root;
  std::optional<Problem> problem;
  explicit operator bool() const { return !problem; }
};
Parsed parse(std::string_view text, Dialect = Dialect::kPrometheus);

}  // namespace marty::promql
