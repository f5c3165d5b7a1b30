#include "policy/string_match.hpp"

#include "policy/ascii.hpp"

namespace marty::policy {
namespace {

enum class Case { kSensitive, kIgnored };

bool equal(std::string_view a, std::string_view b, Case how) {
  return how == Case::kIgnored ? equals_ignoring_case(a, b) : a == b;
}

bool has_path_prefix(std::string_view path, std::string_view prefix, Case how) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return path.size() >= prefix.size() && equal(path.substr(0, prefix.size()), prefix, how) &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

bool matches_text(const StringMatch& wanted, std::string_view value, Case how) {
  const std::string_view text = wanted.text;
  switch (wanted.kind) {
    case StringMatch::Kind::kExact:
      return equal(value, text, how);
    case StringMatch::Kind::kPrefix:
      return value.size() >= text.size() && equal(value.substr(0, text.size()), text, how);
    case StringMatch::Kind::kPathPrefix:
      return has_path_prefix(value, text, how);
    case StringMatch::Kind::kSuffix:
      return value.size() >= text.size() && equal(value.substr(value.size() - text.size()), text, how);
    case StringMatch::Kind::kRegex:
      return wanted.regex && wanted.regex->matches_all_of(value);
    case StringMatch::Kind::kPresent:
      return true;
  }
  return false;
}

}  // namespace

bool StringMatch::matches(std::string_view value) const {
  return matches_text(*this, value, ignore_case ? Case::kIgnored : Case::kSensitive);
}

bool StringMatch::matches_any_case(std::string_view value) const {
  return matches_text(*this, value, Case::kIgnored);
}

}  // namespace marty::policy
