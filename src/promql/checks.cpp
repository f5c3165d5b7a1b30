#include "promql/checks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "promql/functions.hpp"

namespace marty::promql {

using Kind = Expr::Kind;
using Found = std::optional<Problem>;

std::string_view to_string(Type type) {
  switch (type) {
    case Type::kScalar:
      return "a number";
    case Type::kString:
      return "a string";
    case Type::kVector:
      return "an instant vector";
    case Type::kMatrix:
      return "a range vector, such as x[5m]";
    case Type::kUnknown:
      return "anything";
  }
  return "";
}

bool is_comparison(std::string_view op) {
  return op == "==" || op == "!=" || op == "<" || op == ">" || op == "<=" || op == ">=";
}
bool is_set_operator(std::string_view op) { return op == "and" || op == "or" || op == "unless"; }

namespace {

bool fits(const Expr& expr, Type wanted) { return expr.type == wanted || expr.type == Type::kUnknown; }
bool counts(const Expr& expr) { return fits(expr, Type::kScalar) || fits(expr, Type::kVector); }

Found wants(const Expr& part, Type wanted, std::string_view who) {
  if (fits(part, wanted)) return {};
  return Problem{part.at,
                 fmt::format("{} wants {} here, not {}", who, to_string(wanted), to_string(part.type))};
}

bool matches_nothing_too(const Matcher& matcher) {
  const bool empty = matcher.op == "=" || matcher.op == "!=" ? matcher.value.empty()
                                                             : matcher.value.empty() || matcher.value == ".*";
  return matcher.op.starts_with('!') ? !empty : empty;
}

Found selector(const Expr& expr) {
  if (!expr.name.empty()) {
    for (const auto& matcher : expr.matchers)
      if (matcher.label == "__name__") return Problem{matcher.at, "the metric's name is said twice"};
    return {};
  }
  // An empty label stands for a macro, which may demand anything.
  const auto demanding = [](const Matcher& m) { return m.label.empty() || !matches_nothing_too(m); };
  if (std::ranges::any_of(expr.matchers, demanding)) return {};
  return Problem{expr.at, "this selects every series there is; demand at least one label's value"};
}

Found call(Expr& expr) {
  const auto* function = find_function(expr.name);
  if (function == nullptr) return Problem{expr.at, fmt::format("no function '{}'", expr.name)};
  const auto given = expr.children.size();
  if (given < function->least || given > function->most)
    return Problem{expr.at, fmt::format("{}() wants {}{} argument(s), not {}", expr.name,
                                        given < function->least ? "at least " : "at most ",
                                        given < function->least ? function->least : function->most, given)};
  expr.type = function->returns;
  for (std::size_t i = 0; i < given; ++i)
    if (auto found = wants(expr.children[i], function->argument(i), expr.name + "()")) return found;
  return {};
}

Found aggregation(Expr& expr) {
  expr.type = Type::kVector;
  const auto* known = find_aggregation(expr.name);
  if (known == nullptr) return {};  // a macro
  const auto wanted = known->parameter.empty() ? 1u : 2u;
  if (expr.children.size() != wanted)
    return Problem{expr.at,
                   fmt::format("{} wants {} argument(s), not {}", expr.name, wanted, expr.children.size())};
  if (wanted == 2) {
    const auto type = known->parameter == "t" ? Type::kString : Type::kScalar;
    if (auto found = wants(expr.children[0], type, expr.name)) return found;
  }
  return wants(expr.children.back(), Type::kVector, expr.name);
}

Found binary(Expr& expr) {
  const auto& left = expr.children[0];
  const auto& right = expr.children[1];
  const auto here = [&](std::string message) { return Problem{expr.name_at, std::move(message)}; };
  for (const auto* side : {&left, &right})
    if (!counts(*side))
      return Problem{side->at, fmt::format("'{}' combines numbers and instant vectors, not {}", expr.name,
                                           to_string(side->type))};
  const bool numbers = left.type == Type::kScalar && right.type == Type::kScalar;
  const bool unsure = left.type == Type::kUnknown || right.type == Type::kUnknown;
  const bool vectors = left.type == Type::kVector && right.type == Type::kVector;
  expr.type = numbers                                                     ? Type::kScalar
              : left.type == Type::kVector || right.type == Type::kVector ? Type::kVector
                                                                          : Type::kUnknown;
  const bool compares = is_comparison(expr.name);
  if (expr.returns_bool && !compares) return here("'bool' belongs to comparisons only");
  if (compares && numbers && !expr.returns_bool) return here("two numbers are compared with 'bool' only");
  if (is_set_operator(expr.name)) {
    if (expr.group != Expr::Group::kNone)
      return here(fmt::format("'{}' takes no group_left/right", expr.name));
    if (!vectors && !unsure) return here(fmt::format("'{}' combines instant vectors only", expr.name));
  }
  if (!vectors && !unsure && !expr.labels.empty())
    return here("labels are matched between instant vectors only");
  if (expr.matching == Expr::Matching::kOn)
    for (const auto& label : expr.included)
      if (std::ranges::count(expr.labels, label.name, &Label::name) > 0)
        return Problem{label.at, fmt::format("'{}' stands in on() and in group_left/right()", label.name)};
  return {};
}

}  // namespace

std::optional<Problem> check(Expr& expr) {
  switch (expr.kind) {
    case Kind::kNumber:
      expr.type = Type::kScalar;
      return {};
    case Kind::kString:
      expr.type = Type::kString;
      return {};
    case Kind::kMacro:
      expr.type = Type::kUnknown;
      return {};
    case Kind::kParens:
      expr.type = expr.children[0].type;
      return {};
    case Kind::kSelector:
      expr.type = Type::kVector;
      return selector(expr);
    case Kind::kRange:
      expr.type = Type::kMatrix;
      return {};
    case Kind::kSubquery:
      expr.type = Type::kMatrix;
      return wants(expr.children[0], Type::kVector, "a subquery");
    case Kind::kCall:
      return call(expr);
    case Kind::kAggregation:
      return aggregation(expr);
    case Kind::kUnary:
      expr.type = expr.children[0].type;
      if (counts(expr.children[0])) return {};
      return Problem{expr.at, fmt::format("'{}' applies to numbers and instant vectors, not {}", expr.name,
                                          to_string(expr.type))};
    case Kind::kBinary:
      return binary(expr);
  }
  return {};
}

}  // namespace marty::promql
