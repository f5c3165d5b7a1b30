#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "schema/cel.hpp"
#include "schema/cel_value.hpp"

namespace marty::schema {

namespace {

constexpr int kDepthMax = 60;
constexpr std::pair<std::string_view, Cel::Op> kMacros[] = {{"all", Cel::Op::kAll},
                                                            {"exists", Cel::Op::kExists},
                                                            {"exists_one", Cel::Op::kExistsOne},
                                                            {"filter", Cel::Op::kFilter},
                                                            {"map", Cel::Op::kTransform}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z' ? true : c == '_'; }

/// A field's name as CEL has to write it: __namespace__, a__dot__b.
std::string unescaped_field(std::string_view name) {
  std::string out(name);
  if (out.find("__") == out.npos) return out;
  constexpr std::pair<std::string_view, std::string_view> kSigns[] = {
      {"__dot__", "."}, {"__dash__", "-"}, {"__slash__", "/"}, {"__underscores__", "__"}};
  for (const auto& [sign, meaning] : kSigns) {
    for (auto at = out.find(sign); at != out.npos; at = out.find(sign, at + meaning.size()))
      out.replace(at, sign.size(), meaning);
  }
  const bool keyword = out.size() > 4 && out.starts_with("__") && out.ends_with("__");
  return keyword ? out.substr(2, out.size() - 4) : out;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text), whole_(text) {}

  std::unique_ptr<Cel> read(std::string& why) {
    Cel out = condition();
    skip_space();
    if (why_.empty() && !rest_.empty()) fail("the expression does not end here");
    why = why_;
    if (!why_.empty()) return nullptr;
    resolve(out);
    return std::make_unique<Cel>(std::move(out));
  }

 private:
  using Op = Cel::Op;

  Cel fail(std::string_view what) {
    if (why_.empty()) why_ = fmt::format("{} (at character {})", what, whole_.size() - rest_.size() + 1);
    rest_ = {};
    return {};
  }
  void skip_space() {
    const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }
  /// The next character that says something; 0 at the end.
  char next() {
    skip_space();
    return rest_.empty() ? '\0' : rest_.front();
  }
  bool take(std::string_view sign) {
    if (next() != sign.front() || !rest_.starts_with(sign)) return false;
    rest_.remove_prefix(sign.size());
    return true;
  }
  std::string_view name() {
    skip_space();
    std::size_t end = 0;
    while (end < rest_.size() && (is_name_start(rest_[end]) || (end > 0 && is_digit(rest_[end])))) ++end;
    const auto out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return out;
  }
  static Cel leaf(Op op) {
    Cel out;
    out.op = op;
    return out;
  }
  static Cel node(Op op, Cel a) {
    Cel out = leaf(op);
    out.parts.push_back(std::move(a));
    return out;
  }
  static Cel node(Op op, Cel a, Cel b) {
    Cel out = leaf(op);
    out.parts.reserve(2);
    out.parts.push_back(std::move(a));
    out.parts.push_back(std::move(b));
    return out;
  }

  Cel condition() {
    if (++depth_ > kDepthMax) return fail("nested too deeply");
    Cel test = either();
    if (next() == '?' && take("?")) {
      Cel yes = condition();
      if (!take(":")) return fail("expected ':'");
      test = node(Op::kCondition, std::move(test), std::move(yes));
      test.parts.push_back(condition());
    }
    --depth_;
    return test;
  }
  Cel either() {
    Cel left = both();
    while (next() == '|' && take("||")) left = node(Op::kOr, std::move(left), both());
    return left;
  }
  Cel both() {
    Cel left = relation();
    while (next() == '&' && take("&&")) left = node(Op::kAnd, std::move(left), relation());
    return left;
  }
  bool take_in() {
    skip_space();
    if (!rest_.starts_with("in") || rest_.size() < 3 || is_name_start(rest_[2]) || is_digit(rest_[2]))
      return false;
    rest_.remove_prefix(2);
    return true;
  }
  Cel relation() {
    constexpr std::pair<std::string_view, Op> kSigns[] = {{"==", Op::kEqual},     {"!=", Op::kUnequal},
                                                          {"<=", Op::kLessEqual}, {">=", Op::kGreaterEqual},
                                                          {"<", Op::kLess},       {">", Op::kGreater}};
    Cel left = sum();
    for (bool found = true; found;) {
      found = false;
      const char first = next();
      if (first != '=' && first != '!' && first != '<' && first != '>' && first != 'i') break;
      for (const auto& [sign, op] : kSigns) {
        if (!take(sign)) continue;
        left = node(op, std::move(left), sum());
        found = true;
        break;
      }
      if (!found && take_in()) {
        left = node(Op::kIn, std::move(left), sum());
        found = true;
      }
    }
    return left;
  }
  Cel sum() {
    Cel left = product();
    for (;;) {
      const char sign = next();
      if (sign != '+' && sign != '-') return left;
      rest_.remove_prefix(1);
      left = node(sign == '+' ? Op::kAdd : Op::kSubtract, std::move(left), product());
    }
  }
  Cel product() {
    Cel left = unary();
    for (;;) {
      const char sign = next();
      if (sign != '*' && sign != '/' && sign != '%') return left;
      rest_.remove_prefix(1);
      left = node(sign == '*'   ? Op::kMultiply
                  : sign == '/' ? Op::kDivide
                                : Op::kRemainder,
                  std::move(left), unary());
    }
  }
  Cel unary() {
    if (++depth_ > kDepthMax) return fail("nested too deeply");
    const char sign = next();
    const bool is_not = sign == '!' && !rest_.starts_with("!=");
    const bool is_minus = sign == '-' && rest_.size() > 1 && !is_digit(rest_[1]);
    if (is_not || is_minus) rest_.remove_prefix(1);
    Cel out = is_not || is_minus ? node(is_not ? Op::kNot : Op::kMinus, unary()) : member();
    --depth_;
    return out;
  }

  Cel member() {
    Cel out = primary();
    for (;;) {
      const char sign = next();
      if (sign != '[' && sign != '.') return out;
      rest_.remove_prefix(1);
      if (sign == '[') {
        out = node(Op::kIndex, std::move(out), condition());
        if (!take("]")) return fail("expected ']'");
      } else {
        const std::string_view called = name();
        if (called.empty()) return fail("expected a name after '.'");
        if (take("(")) {
          out = method(called, std::move(out));
          continue;
        }
        out = node(Op::kField, std::move(out));
        out.text = unescaped_field(called);
        out.mark = manifest::mark_of(out.text);
      }
    }
  }

  std::vector<Cel> list_until(std::string_view close) {
    std::vector<Cel> items;
    if (take(close)) return items;
    do {
      if (take(close)) return items;  // a comma may end the list
      items.push_back(condition());
    } while (take(","));
    if (!take(close)) fail(fmt::format("expected '{}'", close));
    return items;
  }

  Cel method(std::string_view function, Cel receiver) {
    auto arguments = list_until(")");
    const auto* macro = std::find_if(std::begin(kMacros), std::end(kMacros),
                                     [&](const auto& one) { return one.first == function; });
    if (macro == std::end(kMacros)) {
      arguments.insert(arguments.begin(), std::move(receiver));
      return call(function, std::move(arguments));
    }
    if (arguments.size() != 2 || arguments[0].op != Op::kName)
      return fail(fmt::format("{} takes a name and an expression", function));
    Cel out = node(macro->second, std::move(receiver), std::move(arguments[0]));
    out.parts.push_back(std::move(arguments[1]));
    return out;
  }

  Cel call(std::string_view function, std::vector<Cel> arguments) {
    Cel out = leaf(Op::kCall);
    out.function = find_cel_function(function);
    if (!out.function) return fail(fmt::format("the function '{}' is not known here", function));
    out.parts = std::move(arguments);
    return out;
  }

  Cel primary() {
    skip_space();
    if (rest_.empty()) return fail("the expression ends too early");
    const char c = rest_[0];
    if (take("(")) {
      Cel out = condition();
      return take(")") ? std::move(out) : fail("expected ')'");
    }
    if (take("[")) {
      Cel out = leaf(Op::kList);
      out.parts = list_until("]");
      return out;
    }
    if (take("{")) return map();
    if (c == '"' || c == '\'') return string(false);
    if ((c == 'r' || c == 'R') && rest_.size() > 1 && (rest_[1] == '"' || rest_[1] == '\'')) {
      rest_.remove_prefix(1);
      return string(true);
    }
    if (is_digit(c) || c == '-') return number();
    return named();
  }

  Cel map() {
    Cel out = leaf(Op::kMap);
    if (take("}")) return out;
    do {
      out.parts.push_back(condition());
      if (!take(":")) return fail("expected ':'");
      out.parts.push_back(condition());
    } while (take(","));
    return take("}") ? std::move(out) : fail("expected '}'");
  }

  Cel named() {
    const std::string_view word = name();
    if (word.empty()) return fail("expected a value");
    if (word == "null") return {};
    if (word == "true" || word == "false") {
      Cel out = leaf(Op::kLiteralBool);
      out.number = word == "true";
      return out;
    }
    if (!take("(")) {
      Cel out = leaf(Op::kName);
      out.text = word;
      return out;
    }
    auto arguments = list_until(")");
    if (word == "has") {
      if (arguments.size() != 1 || arguments[0].op != Op::kField) return fail("has() takes a field");
      arguments[0].op = Op::kHas;
      return std::move(arguments[0]);
    }
    return call(word, std::move(arguments));
  }

  Cel number() {
    std::size_t end = rest_[0] == '-' ? 1 : 0;
    bool whole = true;
    while (end < rest_.size() && (is_digit(rest_[end]) || rest_[end] == '.' || (rest_[end] | 32) == 'e')) {
      whole = whole && is_digit(rest_[end]);
      ++end;
    }
    const auto text = rest_.substr(0, end);
    Cel out = leaf(whole ? Op::kLiteralInt : Op::kLiteralDouble);
    const char* last = text.data() + text.size();
    const auto read =
        whole ? std::from_chars(text.data(), last, out.number) : std::from_chars(text.data(), last, out.real);
    if (read.ec != std::errc{} || read.ptr != last) return fail("this is no number");
    rest_.remove_prefix(end);
    if (rest_.starts_with('u')) rest_.remove_prefix(1);
    return out;
  }

  Cel string(bool raw) {
    const char quote = rest_[0];
    const std::string three(3, quote);
    const std::string close = rest_.starts_with(three) ? three : std::string(1, quote);
    rest_.remove_prefix(close.size());
    Cel out = leaf(Op::kLiteralString);
    while (!rest_.starts_with(close)) {
      if (rest_.empty()) return fail("the text is not closed");
      if (raw || rest_[0] != '\\') {
        out.text += rest_[0];
        rest_.remove_prefix(1);
      } else if (!escape(out.text)) {
        return fail("this escape is not known");
      }
    }
    rest_.remove_prefix(close.size());
    return out;
  }

  bool escape(std::string& into) {
    if (rest_.size() < 2) return false;
    constexpr std::string_view kLetters = "abfnrtv\\?\"'`", kMeant = "\a\b\f\n\r\t\v\\?\"'`";
    const auto which = kLetters.find(rest_[1]);
    if (which != kLetters.npos) {
      into += kMeant[which];
      rest_.remove_prefix(2);
      return true;
    }
    if (rest_[1] != 'x' || rest_.size() < 4) return false;
    unsigned value = 0;
    const auto read = std::from_chars(rest_.data() + 2, rest_.data() + 4, value, 16);
    into += static_cast<char>(value);
    rest_.remove_prefix(4);
    return read.ec == std::errc{};
  }

  /// Finds out what each name means, once all are known.
  void resolve(Cel& cel) {
    if (cel.op == Op::kName) {
      const auto scope = std::find(names_.rbegin(), names_.rend(), cel.text);
      cel.number = scope == names_.rend() ? -1 : scope - names_.rbegin();
    } else if (cel.op >= Op::kAll && cel.op <= Op::kTransform) {
      resolve(cel.parts[0]);
      names_.push_back(cel.parts[1].text);
      resolve(cel.parts[2]);
      names_.pop_back();
    } else {
      for (Cel& part : cel.parts) resolve(part);
    }
  }

  std::string_view rest_, whole_;
  std::vector<std::string_view> names_{"self"};
  std::string why_;
  int depth_ = 0;
};

}  // namespace

std::unique_ptr<Cel> parse_cel(std::string_view text, std::string& why) { return Parser(text).read(why); }

}  // namespace marty::schema
