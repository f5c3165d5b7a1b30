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

/// A parsed expression; `text` is a name, a literal or a function's name, `parts` its operands.
struct Cel {
  enum class Op : std::uint8_t {
    kLiteralString,
    kLiteralInt,
    kLiteralDouble,
    kLiteralBool,
    kLiteralNull,
    kName,
    kField,  ///< parts[0].text
    kHas,    ///< has(parts[0].text)
    kIndex,  ///< parts[0][parts[1]]
    kCall,   ///< text(parts…); of a method the receiver comes first
    kMacro,  ///< parts[0].text(name, parts[2]): parts[1] is the name
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
};

/// Nothing when the text is no CEL or uses a function we lack; `why` then says so. Depth is bounded.
std::shared_ptr<const Cel> parse_cel(std::string_view text, std::string& why);
bool is_cel_function(std::string_view name);

enum class CelVerdict {
  kTrue,
  kFalse,
  kFailed,   ///< an error while computing, such as a missing field: the API server refuses the object
  kGivenUp,  ///< the bound on steps was reached
};

/// Computes a rule about `self`, which has this schema. Fields that are absent have their default.
CelVerdict evaluate(const Cel&, const Tables&, Patterns&, Defaults&, std::uint32_t schema,
                    const manifest::Node& self);

}  // namespace marty::schema
