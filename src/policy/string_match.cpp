#include "policy/string_match.hpp"

#include <re2/re2.h>

#include "policy/ascii.hpp"

namespace marty::policy {
namespace {

constexpr std::size_t kLongestPattern = 1024;

class Re2Regex final : public Regex {
 public:
  Re2Regex(const std::string& pattern, const re2::RE2::Options& options) : compiled_(pattern, options) {}
  bool matches_all_of(std::string_view text) const override {
    return re2::RE2::FullMatch({text.data(), text.size()}, compiled_);
  }
  const re2::RE2& compiled() const { return compiled_; }

 private:
  re2::RE2 compiled_;
};

/// "GET|HEAD|OPTIONS": whole words and nothing else, as routes by method are written. No automaton needed.
class OneOfWords final : public Regex {
 public:
  static bool fits(std::string_view pattern) {
    return pattern.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/|") ==
           pattern.npos;
  }
  explicit OneOfWords(std::string pattern) : pattern_(std::move(pattern)) {}
  bool matches_all_of(std::string_view text) const override {
    for (std::string_view rest = pattern_;;) {
      const auto bar = rest.find('|');
      if (rest.substr(0, bar) == text) return true;
      if (bar == rest.npos) return false;
      rest.remove_prefix(bar + 1);
    }
  }

 private:
  std::string pattern_;
};

enum class Case { kSensitive, kIgnored };

bool equal(std::string_view a, std::string_view b, Case how) {
  return how == Case::kIgnored ? equals_ignoring_case(a, b) : a == b;
}

bool matches_text(const StringMatch& wanted, std::string_view value, Case how) {
  const std::string_view text = wanted.text;
  switch (wanted.kind) {
    case StringMatch::Kind::kExact:
      return equal(value, text, how);
    case StringMatch::Kind::kPrefix:
      return value.size() >= text.size() && equal(value.substr(0, text.size()), text, how);
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

std::shared_ptr<const Regex> Regex::compile(const std::string& pattern, std::string& why) {
  if (pattern.size() > kLongestPattern) {
    why = "the expression is longer than 1024 characters";
    return nullptr;
  }
  if (OneOfWords::fits(pattern)) return std::make_shared<const OneOfWords>(pattern);
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto regex = std::make_shared<const Re2Regex>(pattern, options);
  if (regex->compiled().ok()) return regex;
  why = regex->compiled().error();
  return nullptr;
}

bool StringMatch::matches(std::string_view value) const {
  return matches_text(*this, value, ignore_case ? Case::kIgnored : Case::kSensitive);
}

bool StringMatch::matches_any_case(std::string_view value) const {
  return matches_text(*this, value, Case::kIgnored);
}

}  // namespace marty::policy
