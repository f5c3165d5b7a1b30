#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "promql/syntax.hpp"

namespace marty::promql {

struct Token {
  enum class Kind : std::uint8_t { kEnd, kWord, kNumber, kDuration, kString, kMacro, kSign };
  Kind kind = Kind::kEnd;
  std::size_t at = 0;
  std::string_view text;  ///< as written
  std::string value;      ///< a string without quotes and escapes
  double number = 0;      ///< seconds, of a duration

  std::size_t end() const { return at + text.size(); }
  bool is(std::string_view sign) const { return kind == Kind::kSign && text == sign; }
};

/// The tokens, kEnd last, or the first problem. Keywords are words like any other: what they mean depends on
/// where they stand.
std::vector<Token> tokens(std::string_view text, Dialect, std::optional<Problem>&);

}  // namespace marty::promql
