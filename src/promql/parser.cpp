#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "promql/checks.hpp"
#include "promql/functions.hpp"
#include "promql/lexer.hpp"

/// Recursive descent; operators by precedence climbing, as in Prometheus' generatedParser.y.
namespace marty::promql {
namespace {

using Kind = Expr::Kind;
using TokenKind = Token::Kind;

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return out;
}

constexpr int kPower = 6;

/// How tightly an operator binds; 0: no operator.
int precedence(std::string_view op) {
  if (op == "or") return 1;
  if (op == "and" || op == "unless") return 2;
  if (is_comparison(op)) return 3;
  if (op == "+" || op == "-") return 4;
  if (op == "*" || op == "/" || op == "%" || op == "atan2") return 5;
  return op == "^" ? kPower : 0;
}

/// Words that no metric may be called where a query begins.
bool is_reserved(std::string_view word) {
  static constexpr std::string_view kWords[] = {"bool",       "on",          "ignoring",
                                                "group_left", "group_right", "atan2"};
  return std::ranges::count(kWords, word) > 0;
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Parsed run() {
    Expr root = binary(1);
    if (!problem_ && now().kind != TokenKind::kEnd) unexpected("an operator or the end");
    if (problem_) return {{}, std::move(problem_)};
    return {std::move(root), {}};
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  const Token& after() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take() {
    Token token = now();
    if (at_ + 1 < tokens_.size()) ++at_;
    last_end_ = token.end();
    return token;
  }
  bool take(std::string_view sign) {
    if (!now().is(sign)) return false;
    take();
    return true;
  }
  bool at_word(std::string_view word) const {
    return now().kind == TokenKind::kWord && lower(now().text) == word;
  }
  bool take_word(std::string_view word) {
    if (!at_word(word)) return false;
    take();
    return true;
  }
  void expect(std::string_view sign) {
    if (!take(sign)) unexpected(fmt::format("'{}'", sign));
  }

  /// The first problem counts. All tokens are used up then, so that every loop ends.
  void fail(Problem problem) {
    if (!problem_) problem_ = std::move(problem);
    at_ = tokens_.size() - 1;
  }
  void unexpected(std::string_view wanted) {
    const auto& token = now();
    fail({token.at, token.kind == TokenKind::kEnd
                        ? fmt::format("the expression ends where {} should come", wanted)
                        : fmt::format("'{}' where {} should come", token.text, wanted)});
  }

  Expr begin(Kind kind) const {
    Expr expr;
    expr.kind = kind;
    expr.at = expr.name_at = now().at;
    return expr;
  }

  Expr finish(Expr expr) {
    expr.end = last_end_;
    for (const auto& child : expr.children) expr.depth = std::max(expr.depth, child.depth + 1);
    if (expr.depth > kDepthMax) fail({expr.at, fmt::format("nested deeper than {} levels", kDepthMax)});
    if (!problem_)
      if (auto found = check(expr)) fail(std::move(*found));
    return expr;
  }

  std::string operator_here() const {
    if (now().kind == TokenKind::kSign) return std::string(now().text);
    return now().kind == TokenKind::kWord ? lower(now().text) : std::string{};
  }

  Expr binary(int least) {
    Expr left = unary();
    for (;;) {
      const auto op = operator_here();
      const int binds = precedence(op);
      if (binds < least || binds == 0) return left;
      Expr whole = begin(Kind::kBinary);
      whole.at = left.at;
      whole.name = op;
      take();
      modifiers(whole);
      whole.children.push_back(std::move(left));
      whole.children.push_back(binary(op == "^" ? binds : binds + 1));
      left = finish(std::move(whole));
    }
  }

  void modifiers(Expr& expr) {
    expr.returns_bool = take_word("bool");
    if (at_word("on") || at_word("ignoring")) {
      expr.matching = take_word("on") ? Expr::Matching::kOn : Expr::Matching::kIgnoring;
      if (expr.matching == Expr::Matching::kIgnoring) take();
      expr.labels = label_list();
      if (at_word("group_left") || at_word("group_right")) {
        expr.group = lower(take().text) == "group_left" ? Expr::Group::kLeft : Expr::Group::kRight;
        // `a * on (x) group_left (b + c)`: Prometheus takes the parenthesis for labels as well.
        if (now().is("(")) expr.included = label_list();
      }
    }
  }

  std::vector<Label> label_list() {
    std::vector<Label> labels;
    expect("(");
    while (!problem_ && !now().is(")")) {
      const auto kind = now().kind;
      const bool name = kind == TokenKind::kWord && now().text.find(':') == std::string_view::npos;
      if (!name && kind != TokenKind::kString && kind != TokenKind::kMacro)
        return unexpected("a label"), labels;
      const auto token = take();
      labels.push_back({kind == TokenKind::kString ? token.value : std::string(token.text), token.at});
      if (!take(",")) break;
    }
    expect(")");
    return labels;
  }

  Expr unary() {
    // Every way down into a parenthesis or an operand comes through here.
    struct Level {
      std::size_t& depth;
      explicit Level(std::size_t& d) : depth(d) { ++depth; }
      ~Level() { --depth; }
    } level(depth_);
    if (depth_ > kDepthMax) {
      fail({now().at, fmt::format("nested deeper than {} levels", kDepthMax)});
      return {};
    }
    if (!now().is("-") && !now().is("+")) return postfix(primary());
    Expr expr = begin(Kind::kUnary);
    expr.name = take().text;
    expr.children.push_back(binary(kPower));
    return finish(std::move(expr));
  }

  Expr primary() {
    const auto& token = now();
    switch (token.kind) {
      case TokenKind::kNumber:
      case TokenKind::kDuration:
        return number();
      case TokenKind::kString: {
        Expr expr = begin(Kind::kString);
        expr.name = take().value;
        return finish(std::move(expr));
      }
      case TokenKind::kMacro:
        return macro();
      case TokenKind::kWord:
        return word();
      default:
        break;
    }
    if (token.is("{")) return selector({});
    if (!token.is("(")) return unexpected("a metric, number or '('"), Expr{};
    Expr expr = begin(Kind::kParens);
    take();
    expr.children.push_back(binary(1));
    expect(")");
    return finish(std::move(expr));
  }

  Expr number() {
    Expr expr = begin(Kind::kNumber);
    expr.number = take().number;
    return finish(std::move(expr));
  }

  Expr word() {
    const auto name = lower(now().text);
    if (name == "inf" || name == "nan") {
      Expr expr = begin(Kind::kNumber);
      take();
      expr.number = name == "inf" ? HUGE_VAL : std::nan("");
      return finish(std::move(expr));
    }
    const auto& next = after();
    const bool grouped =
        next.kind == TokenKind::kWord && (lower(next.text) == "by" || lower(next.text) == "without");
    if (find_aggregation(name) != nullptr && (next.is("(") || grouped)) return aggregation(name);
    if (next.is("(")) return call();
    if (is_reserved(name)) return unexpected("a metric"), Expr{};
    return selector(take());
  }

  Expr macro() {
    const auto& next = after();
    const bool grouped =
        next.kind == TokenKind::kWord && (lower(next.text) == "by" || lower(next.text) == "without");
    if (next.is("(") || grouped) return aggregation(std::string(now().text));
    if (next.is("{") || next.is("[")) return selector(take());
    Expr expr = begin(Kind::kMacro);
    expr.name = take().text;
    return finish(std::move(expr));
  }

  void arguments(Expr& expr) {
    expect("(");
    if (take(")")) return;
    do expr.children.push_back(binary(1));
    while (!problem_ && take(","));
    expect(")");
  }

  Expr call() {
    Expr expr = begin(Kind::kCall);
    expr.name = take().text;
    arguments(expr);
    return finish(std::move(expr));
  }

  bool grouping(Expr& expr) {
    if (!at_word("by") && !at_word("without")) return false;
    expr.grouping = lower(take().text) == "by" ? Expr::Grouping::kBy : Expr::Grouping::kWithout;
    expr.labels = label_list();
    return true;
  }

  Expr aggregation(std::string name) {
    Expr expr = begin(Kind::kAggregation);
    expr.name = std::move(name);
    take();
    const bool said = grouping(expr);
    arguments(expr);
    if (!said) grouping(expr);
    return finish(std::move(expr));
  }

  Expr selector(const Token& name) {
    Expr expr = begin(Kind::kSelector);
    if (!name.text.empty()) {
      expr.at = expr.name_at = name.at;
      expr.name = name.text;
    }
    if (take("{")) {
      while (!problem_ && !now().is("}")) {
        matcher(expr);
        if (!take(",")) break;
      }
      expect("}");
    }
    return finish(std::move(expr));
  }

  void matcher(Expr& expr) {
    const auto kind = now().kind;
    if (kind != TokenKind::kWord && kind != TokenKind::kString && kind != TokenKind::kMacro)
      return unexpected("a label");
    const auto label = take();
    static constexpr std::string_view kOperators[] = {"=", "!=", "=~", "!~"};
    const bool op = now().kind == TokenKind::kSign && std::ranges::count(kOperators, now().text) > 0;
    if (!op && kind == TokenKind::kMacro) {
      expr.matchers.push_back({"", "=", std::string(label.text), label.at});
      return;
    }
    if (!op && kind == TokenKind::kString) {  // {"a.name"}: Prometheus 3
      if (!expr.name.empty()) return fail({label.at, "the metric's name is said twice"});
      expr.name = label.value;
      expr.name_at = label.at;
      return;
    }
    if (!op) return unexpected("'=', '!=', '=~' or '!~'");
    Matcher made{kind == TokenKind::kString ? label.value : std::string(label.text), std::string(take().text),
                 "", label.at};
    if (now().kind != TokenKind::kString && now().kind != TokenKind::kMacro) return unexpected("a string");
    const auto value = take();
    made.value = value.kind == TokenKind::kString ? value.value : std::string(value.text);
    expr.matchers.push_back(std::move(made));
  }

  Expr postfix(Expr expr) {
    while (!problem_) {
      if (now().is("[")) {
        expr = range(std::move(expr));
      } else if (at_word("offset")) {
        shift(expr, expr.offset, "offset");
        take("-") || take("+");
        span();
        expr.end = last_end_;
      } else if (now().is("@")) {
        shift(expr, expr.timestamp, "@");
        timestamp();
        expr.end = last_end_;
      } else {
        break;
      }
    }
    return expr;
  }

  /// Takes the word; it may stand behind selectors, ranges and subqueries, once.
  void shift(const Expr& expr, bool& has, std::string_view what) {
    const auto at = take().at;
    const bool fits = expr.is(Kind::kSelector) || expr.is(Kind::kRange) || expr.is(Kind::kSubquery) ||
                      expr.is(Kind::kMacro);
    if (!fits)
      return fail({at, fmt::format("'{}' belongs right behind a selector, a range or a subquery", what)});
    if (has) return fail({at, fmt::format("'{}' is said twice", what)});
    has = true;
  }

  void timestamp() {
    if (at_word("start") || at_word("end")) {
      take();
      expect("(");
      expect(")");
      return;
    }
    take("-") || take("+");
    if (now().kind == TokenKind::kWord && (lower(now().text) == "inf" || lower(now().text) == "nan"))
      return fail({now().at, "no point in time"});
    if (now().kind != TokenKind::kNumber && now().kind != TokenKind::kMacro &&
        now().kind != TokenKind::kDuration)
      return unexpected("a Unix time, start() or end()");
    take();
  }

  /// A duration, or a number of seconds; nothing when a macro says it.
  std::optional<double> span() {
    const auto kind = now().kind;
    if (kind != TokenKind::kDuration && kind != TokenKind::kNumber && kind != TokenKind::kMacro) {
      unexpected("a duration such as 5m");
      return {};
    }
    const auto token = take();
    return kind == TokenKind::kMacro ? std::nullopt : std::optional(token.number);
  }

  Expr range(Expr inner) {
    Expr expr = begin(Kind::kRange);
    const auto bracket = take().at;
    expr.at = inner.at;
    expr.seconds = span();
    if (expr.seconds && !(*expr.seconds > 0)) fail({bracket, "a range must be longer than 0"});
    if (take(":")) {
      expr.kind = Kind::kSubquery;
      if (!now().is("]"))
        if (const auto step = span(); step && !(*step > 0)) fail({bracket, "a step must be longer than 0"});
    } else if (!inner.is(Kind::kSelector)) {
      fail({bracket, "a range stands right behind a selector; of other expressions it needs a step: [5m:]"});
    } else if (inner.offset || inner.timestamp) {
      fail({bracket, "'offset' and '@' come behind the range"});
    }
    expect("]");
    expr.children.push_back(std::move(inner));
    return finish(std::move(expr));
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0, last_end_ = 0, depth_ = 0;
  std::optional<Problem> problem_;
};

}  // namespace

Parsed parse(std::string_view text, Dialect dialect) {
  if (text.size() > kBytesMax) return {{}, Problem{0, fmt::format("longer than {} bytes", kBytesMax)}};
  std::optional<Problem> problem;
  auto all = tokens(text, dialect, problem);
  if (problem) return {{}, std::move(problem)};
  return Parser(std::move(all)).run();
}

}  // namespace marty::promql
