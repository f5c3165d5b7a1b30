#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/origin.hpp"
#include "core/regex.hpp"

namespace marty::policy {

using marty::Regex;

/// One condition on a string (Istio StringMatch, Gateway API's matches). Case-sensitive unless told
/// otherwise; `kPresent` is true for any value, the empty one too. Regexes match the whole string.
/// kPathPrefix compares whole segments and ignores a trailing slash: "/a" and "/a/" match "/a" and "/a/b",
/// not "/ab".
struct StringMatch {
  enum class Kind { kExact, kPrefix, kPathPrefix, kSuffix, kRegex, kPresent };
  Kind kind = Kind::kExact;
  std::string text;
  bool ignore_case = false;
  Origin origin;
  std::shared_ptr<const Regex> regex;  ///< set for kRegex

  bool matches(std::string_view value) const;
  /// As `matches`, ignoring ASCII case whatever `ignore_case` says (host names). Regexes stay as written.
  bool matches_any_case(std::string_view value) const;
  friend bool operator==(const StringMatch& a, const StringMatch& b) {
    return a.kind == b.kind && a.text == b.text && a.ignore_case == b.ignore_case;
  }
};

}  // namespace marty::policy
