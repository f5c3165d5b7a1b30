#include "core/regex.hpp"

#include <re2/re2.h>

namespace marty {

namespace {

constexpr std::size_t kLongestPattern = 1024;

class Re2Regex final : public Regex {
 public:
  Re2Regex(const std::string& pattern, const re2::RE2::Options& options) : compiled_(pattern, options) {}
  bool matches_all_of(std::string_view text) const override {
    return re2::RE2::FullMatch({text.data(), text.size()}, compiled_);
  }
  bool is_found_in(std::string_view text) const override {
    return re2::RE2::PartialMatch({text.data(), text.size()}, compiled_);
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
    return any_word([&](std::string_view word) { return word == text; });
  }
  bool is_found_in(std::string_view text) const override {
    return any_word([&](std::string_view word) { return text.find(word) != text.npos; });
  }

 private:
  template <class Wanted>
  bool any_word(Wanted wanted) const {
    for (std::string_view rest = pattern_;;) {
      const auto bar = rest.find('|');
      if (wanted(rest.substr(0, bar))) return true;
      if (bar == rest.npos) return false;
      rest.remove_prefix(bar + 1);
    }
  }

  std::string pattern_;
};

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

}  // namespace marty
