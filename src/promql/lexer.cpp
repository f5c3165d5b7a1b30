#include "promql/lexer.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "promql/unquote.hpp"

namespace marty::promql {
namespace {

using Kind = Token::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word(char c) { return is_letter(c) || is_digit(c); }

class Lexer {
 public:
  Lexer(std::string_view text, Dialect dialect) : text_(text), dialect_(dialect) {}

  std::vector<Token> run(std::optional<Problem>& problem) {
    while (!problem_ && skip_blank()) one();
    tokens_.push_back({Kind::kEnd, text_.size(), {}, {}, 0});
    problem = std::move(problem_);
    return std::move(tokens_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void fail(std::size_t at, std::string message) { problem_ = Problem{at, std::move(message)}; }

  /// Goes to the next thing that means something; false at the end.
  bool skip_blank() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  Token& add(Kind kind, std::size_t begin) {
    return tokens_.emplace_back(Token{kind, begin, text_.substr(begin, at_ - begin), {}, 0});
  }

  void one() {
    const char c = peek();
    if (macro_length(at_) > 0) return glued(at_);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_letter(c) || (c == ':' && !inside_)) return word();
    if (c == '"' || c == '\'' || c == '`') return string(c);
    sign();
  }

  /// Bytes of the macro that begins here; 0 when none does.
  std::size_t macro_length(std::size_t at) const {
    if (dialect_ != Dialect::kGrafana) return 0;
    const auto rest = text_.substr(at);
    const auto closed = [&](std::string_view open, std::string_view close) -> std::size_t {
      if (!rest.starts_with(open) || rest.size() <= open.size() || !is_letter(rest[open.size()])) return 0;
      const auto end = rest.find(close);
      return end == rest.npos || rest.substr(0, end).find('\n') != rest.npos ? 0 : end + close.size();
    };
    if (const auto length = closed("${", "}")) return length;
    if (const auto length = closed("[[", "]]")) return length;
    if (rest.size() < 2 || rest[0] != '$' || !is_letter(rest[1])) return 0;
    std::size_t length = 1;
    while (length < rest.size() && is_word(rest[length])) ++length;
    return length;
  }

  /// A macro with the letters and macros that touch it: one name in the end.
  void glued(std::size_t begin) {
    for (;;) {
      if (const auto length = macro_length(at_)) {
        at_ += length;
      } else if (is_word(peek()) || (peek() == ':' && !inside_)) {
        ++at_;
      } else {
        break;
      }
    }
    add(Kind::kMacro, begin);
  }

  void word() {
    const auto begin = at_;
    while (is_word(peek()) || (peek() == ':' && !inside_)) ++at_;
    if (macro_length(at_) > 0) return glued(begin);
    add(Kind::kWord, begin);
  }

  void number() {
    const auto begin = at_;
    const auto rest = text_.substr(at_);
    if (const auto seconds = duration()) {
      add(Kind::kDuration, begin).number = *seconds;
      return;
    }
    at_ = begin;
    double value = 0;
    std::from_chars_result read{};
    if (rest.starts_with("0x") || rest.starts_with("0X")) {
      std::uint64_t hex = 0;
      read = std::from_chars(rest.data() + 2, rest.data() + rest.size(), hex, 16);
      value = static_cast<double>(hex);
    } else {
      read = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    }
    if (read.ec != std::errc{}) return fail(begin, "bad number");
    at_ += static_cast<std::size_t>(read.ptr - rest.data());
    if (macro_length(at_) > 0) return glued(begin);
    if (is_word(peek()) || peek() == '.') return fail(begin, "bad number or duration, such as 1h30m");
    add(Kind::kNumber, begin).number = value;
  }

  /// "1h30m": whole numbers, each unit at most once, the largest first.
  std::optional<double> duration() {
    struct Unit {
      std::string_view name;
      double seconds;
    };
    // ms before m: the longer name has to be tried first.
    static constexpr std::array<Unit, 7> kUnits{
        {{"y", 31536000}, {"w", 604800}, {"d", 86400}, {"h", 3600}, {"ms", 0.001}, {"m", 60}, {"s", 1}}};
    double total = 0, smallest = 0;
    do {
      double count = 0;
      if (!is_digit(peek())) return std::nullopt;
      while (is_digit(peek())) count = count * 10 + (text_[at_++] - '0');
      const Unit* unit = nullptr;
      for (const auto& candidate : kUnits)
        if (unit == nullptr && text_.substr(at_).starts_with(candidate.name)) unit = &candidate;
      if (unit == nullptr || (smallest > 0 && unit->seconds >= smallest)) return std::nullopt;
      smallest = unit->seconds;
      at_ += unit->name.size();
      total += count * smallest;
    } while (is_word(peek()));
    return total;
  }

  void string(char quote) {
    const auto begin = at_++;
    while (peek() != quote) {
      if (at_ >= text_.size() || (quote != '`' && peek() == '\n'))
        return fail(begin, "this string is not closed");
      at_ += quote != '`' && peek() == '\\' && at_ + 1 < text_.size() ? 2 : 1;
    }
    ++at_;
    const auto inside = text_.substr(begin + 1, at_ - begin - 2);
    auto& token = add(Kind::kString, begin);
    token.value = inside;
    if (quote == '`') return;
    const auto plain = unquote(inside, quote);
    if (!plain) return fail(begin, "an escape in this string is none of Go's; write \\\\ for a backslash");
    token.value = *plain;
  }

  void sign() {
    static constexpr std::array<std::string_view, 21> kSigns{"==", "!=", "=~", "!~", "<=", ">=", "(",
                                                             ")",  "{",  "}",  "[",  "]",  ",",  ":",
                                                             "+",  "-",  "*",  "/",  "%",  "^",  "@"};
    const auto begin = at_;
    const auto rest = text_.substr(at_);
    for (const auto known : kSigns) {
      if (!rest.starts_with(known)) continue;
      at_ += known.size();
      if (known == "[" || known == "{") inside_ = true;
      if (known == "]" || known == "}") inside_ = false;
      add(Kind::kSign, begin);
      return;
    }
    const char c = peek();
    if (c == '=' || c == '<' || c == '>') {
      ++at_;
      add(Kind::kSign, begin);
      return;
    }
    fail(begin, c == '$'
                    ? "variables are Grafana's; Prometheus knows none"
                    : fmt::format("the character '{}' means nothing here", c >= ' ' && c < 127 ? c : '?'));
  }

  std::string_view text_;
  Dialect dialect_;
  std::size_t at_ = 0;
  bool inside_ = false;  ///< of [] or {}, where ":" belongs to no name
  std::vector<Token> tokens_;
  std::optional<Problem> problem_;
};

}  // namespace

std::vector<Token> tokens(std::string_view text, Dialect dialect, std::optional<Problem>& problem) {
  return Lexer(text, dialect).run(problem);
}

}  // namespace marty::promql
