#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/node.hpp"
#include "schema/defaults.hpp"
#include "schema/patterns.hpp"
#include "schema/tables.hpp"

/// The part of CEL, the Common Expression Language, that validation rules of CRDs are written in.
namespace marty::schema {

struct CelFunction;

/// A parsed expression; `text` is a name or a literal, `parts` its operands.
struct Cel {
  enum class Op : std::uint8_t {
    kLiteralString,
    kLiteralInt,
    kLiteralDouble,
    kLiteralBool,
    kLiteralNull,
    kName,   ///< `number` says of which scope: 0 is the innermost, -1 none
    kField,  ///< parts[0].text
    kHas,    ///< has(parts[0].text)
    kIndex,  ///< parts[0][parts[1]]
    kCall,   ///< function(parts…); of a method the receiver comes first
    kAll,    ///< parts[0].all(parts[1], parts[2]): parts[1] is a name; so are the next four
    kExists,
    kExistsOne,
    kFilter,
    kTransform,  ///< map(), whose name kMap has
    kList,
    kMap,  ///< key, value, key, value …
    kNot,
    kMinus,
    kAnd,
    kOr,
    kCondition,
    kEqual,
    kUnequal,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kRemainder
  };
  Op op = Op::kLiteralNull;
  std::int64_t number = 0;
  double real = 0;
  std::string text;
  std::vector<Cel> parts;
  const CelFunction* function = nullptr;
  std::uint32_t mark = 0;  ///< manifest::mark_of(text), of a field

  /// What one schema says of a field. An expression meets the same schema at the same field again and again.
  struct Known {
    static constexpr std::uint32_t kNone = UINT32_MAX;
    std::uint32_t of = kNone;  ///< the schema of the mapping
    std::uint32_t schema = 0;  ///< of the field
    const manifest::Node* by_default = nullptr;
  };
  Known known;
};

/// Nothing when the text is no CEL or uses a function we lack; `why` then says so. Depth is bounded.
std::unique_ptr<Cel> parse_cel(std::string_view text, std::string& why);

enum class CelVerdict {
  kTrue,
  kFalse,
  kFailed,   ///< an error while computing, such as a missing field: the API server refuses the object
  kGivenUp,  ///< the bound on steps was reached
};

/// Computes a rule about `self`, which has this schema. Fields that are absent have their default. The
/// expression keeps what it learned of the schemas, so all its tables and defaults must be the same.
CelVerdict evaluate(Cel&, const Tables&, Patterns&, Defaults&, std::uint32_t schema,
                    const manifest::Node& self);

}  // namespace marty::schema
