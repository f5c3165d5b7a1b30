#include "schema/cel.hpp"
#include "schema/cel_value.hpp"

namespace marty::schema {

namespace {

using Is = CelValue::Kind;
using Op = Cel::Op;

/// Steps of one rule on one value. The largest rule of Gateway API on its largest list takes about 200 000.
constexpr std::size_t kStepsMax = 2'000'000;

/// A name that an expression may use, with those around it; on the stack while it holds.
struct Scope {
  CelValue value;
  const Scope* outer;
};

class Evaluation {
 public:
  Evaluation(const Tables& tables, Patterns& patterns, Defaults& defaults)
      : memory_(tables, patterns, defaults) {}

  CelValue run(Cel& rule, std::uint32_t schema, const manifest::Node& self) {
    return value(rule, {memory_.of(self, schema), nullptr});
  }
  bool gave_up() const { return steps_ > kStepsMax; }

 private:
  /// Small on purpose: whatever needs room on the stack stands in a function of its own, which this jumps to.
  CelValue value(Cel& cel, const Scope& scope) {
    if (++steps_ > kStepsMax) return CelValue::error("too many steps");
    switch (cel.op) {
      case Op::kLiteralString:
        return CelValue::string(cel.text);
      case Op::kLiteralInt:
        return CelValue::integer(cel.number);
      case Op::kLiteralDouble:
        return CelValue::floating(cel.real);
      case Op::kLiteralBool:
        return CelValue::boolean(cel.number != 0);
      case Op::kLiteralNull:
        return {};
      case Op::kName:
        return named(cel, scope);
      case Op::kField:
        return field(cel, scope);
      case Op::kHas:
        return has(cel, scope);
      case Op::kAll:
      case Op::kExists:
      case Op::kExistsOne:
        return tested(cel, scope);
      case Op::kFilter:
      case Op::kTransform:
        return collected(cel, scope);
      case Op::kAnd:
      case Op::kOr:
        return logic(cel, scope);
      case Op::kCondition:
        return condition(cel, scope);
      case Op::kCall:
        return called(cel, scope);
      case Op::kList:
      case Op::kMap:
        return gathered(cel, scope);
      case Op::kIn:
        return in(cel, scope);
      case Op::kEqual:
      case Op::kUnequal:
        return equality(cel, scope);
      case Op::kNot:
        return negation(cel, scope);
      default:
        return operation(cel, scope);
    }
  }

  CelValue part(Cel& cel, std::size_t i, const Scope& scope) {
    Cel& one = cel.parts.data()[i];
    if (one.op != Op::kName) return value(one, scope);
    ++steps_;
    return named(one, scope);
  }

  static CelValue named(const Cel& cel, const Scope& scope) {
    if (cel.number < 0) return CelValue::error("an unknown name");
    const Scope* at = &scope;
    for (std::int64_t i = cel.number; i > 0; --i) at = at->outer;
    return at->value;
  }

  [[gnu::noinline]] CelValue field(Cel& cel, const Scope& scope) {
    return memory_.field(part(cel, 0, scope), cel);
  }

  [[gnu::noinline]] CelValue has(Cel& cel, const Scope& scope) {
    const CelValue map = part(cel, 0, scope);
    return map.is(Is::kError) ? map : CelValue::boolean(memory_.has(map, cel));
  }

  [[gnu::noinline]] CelValue condition(Cel& cel, const Scope& scope) {
    const CelValue test = part(cel, 0, scope);
    if (!test.is(Is::kBool)) return test.is(Is::kError) ? test : CelValue::error("no bool before '?'");
    return part(cel, test.is_true() ? 1 : 2, scope);
  }

  /// Both orders give the same: a side that decides by itself outweighs an error on the other.
  [[gnu::noinline]] CelValue logic(Cel& cel, const Scope& scope) {
    const bool decides = cel.op == Op::kOr;
    const CelValue left = part(cel, 0, scope);
    if (left.is(Is::kBool) && left.is_true() == decides) return left;
    const CelValue right = part(cel, 1, scope);
    if (right.is(Is::kBool) && right.is_true() == decides) return right;
    if (!left.is(Is::kBool)) return left.is(Is::kError) ? left : CelValue::error("no bool");
    return right.is(Is::kBool) || right.is(Is::kError) ? right : CelValue::error("no bool");
  }

  [[gnu::noinline]] CelValue called(Cel& cel, const Scope& scope) {
    CelValue arguments[kCelArgumentsMax];
    const std::size_t count = cel.parts.size();
    for (std::size_t i = 0; i < count; ++i) {
      const CelValue one = part(cel, i, scope);
      if (one.is(Is::kError)) return one;
      if (i < kCelArgumentsMax) arguments[i] = one;
    }
    if (count > kCelArgumentsMax) return CelValue::error("wrong arguments of a function");
    return call(memory_, *cel.function, {arguments, count});
  }

  [[gnu::noinline]] CelValue gathered(Cel& cel, const Scope& scope) {
    std::vector<CelValue> values;
    values.reserve(cel.parts.size());
    for (Cel& part : cel.parts) {
      values.push_back(value(part, scope));
      if (values.back().is(Is::kError)) return values.back();
    }
    return memory_.made(cel.op == Op::kList ? Is::kList : Is::kMap, std::move(values));
  }

  /// What a macro goes through; an error when it cannot.
  CelValue through(Cel& cel, const Scope& scope) {
    const CelValue over = part(cel, 0, scope);
    const bool fine = over.is(Is::kList) || over.is(Is::kMap) || over.is(Is::kError);
    return fine ? over : CelValue::error("neither a list nor a mapping");
  }

  [[gnu::noinline]] CelValue tested(Cel& cel, const Scope& scope) {
    const CelValue over = through(cel, scope);
    if (over.is(Is::kError)) return over;
    Scope inner{{}, &scope};
    std::size_t matches = 0;
    CelValue failure;
    for (std::size_t i = 0, size = memory_.size(over); i < size; ++i) {
      inner.value = memory_.item(over, i);
      const CelValue found = part(cel, 2, inner);
      if (found.is(Is::kError)) failure = found;
      if (cel.op == Op::kAll && found.is_false()) return found;
      if (cel.op == Op::kExists && found.is_true()) return found;
      if (found.is_true()) ++matches;
    }
    if (failure.is(Is::kError)) return failure;
    return CelValue::boolean(cel.op == Op::kAll || (cel.op == Op::kExistsOne && matches == 1));
  }

  [[gnu::noinline]] CelValue collected(Cel& cel, const Scope& scope) {
    const CelValue over = through(cel, scope);
    if (over.is(Is::kError)) return over;
    Scope inner{{}, &scope};
    std::vector<CelValue> kept;
    CelValue failure;
    for (std::size_t i = 0, size = memory_.size(over); i < size; ++i) {
      inner.value = memory_.item(over, i);
      const CelValue found = part(cel, 2, inner);
      if (found.is(Is::kError)) failure = found;
      if (cel.op == Op::kTransform && !found.is(Is::kError)) kept.push_back(found);
      if (cel.op == Op::kFilter && found.is_true()) kept.push_back(inner.value);
    }
    return failure.is(Is::kError) ? failure : memory_.made(Is::kList, std::move(kept));
  }

  [[gnu::noinline]] CelValue negation(Cel& cel, const Scope& scope) {
    const CelValue a = part(cel, 0, scope);
    if (a.is(Is::kBool)) return CelValue::boolean(!a.is_true());
    return a.is(Is::kError) ? a : CelValue::error("no bool");
  }

  [[gnu::noinline]] CelValue equality(Cel& cel, const Scope& scope) {
    const CelValue a = part(cel, 0, scope);
    if (a.is(Is::kError)) return a;
    const CelValue b = part(cel, 1, scope);
    return b.is(Is::kError) ? b : CelValue::boolean(equal(memory_, a, b) == (cel.op == Op::kEqual));
  }

  [[gnu::noinline]] CelValue operation(Cel& cel, const Scope& scope) {
    const CelValue a = part(cel, 0, scope);
    if (a.is(Is::kError)) return a;
    if (cel.op == Op::kMinus) {
      if (a.is(Is::kInt)) return whole(Op::kSubtract, 0, a.number);
      return a.is(Is::kDouble) ? CelValue::floating(-a.real) : CelValue::error("no number");
    }
    const CelValue b = part(cel, 1, scope);
    if (b.is(Is::kError)) return b;
    switch (cel.op) {
      case Op::kIndex:
        return index(a, b);
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual:
        return compare(cel.op, a, b);
      default:
        return arithmetic(cel.op, a, b);
    }
  }

  CelValue index(CelValue a, CelValue b) {
    if (a.is(Is::kMap) && b.is(Is::kString)) return memory_.field(a, b.text());
    if (!a.is(Is::kList) || !b.is(Is::kInt)) return CelValue::error("no index");
    if (b.number < 0 || static_cast<std::size_t>(b.number) >= memory_.size(a))
      return CelValue::error("index out of bounds");
    return memory_.item(a, static_cast<std::size_t>(b.number));
  }

  [[gnu::noinline]] CelValue in(Cel& cel, const Scope& scope) {
    const CelValue a = part(cel, 0, scope);
    if (a.is(Is::kError)) return a;
    if (cel.parts[1].op == Op::kList) return listed(a, cel.parts[1], scope);
    const CelValue b = part(cel, 1, scope);
    if (b.is(Is::kError)) return b;
    if (b.is(Is::kMap)) return CelValue::boolean(a.is(Is::kString) && memory_.holds(b, a.text()));
    if (!b.is(Is::kList)) return CelValue::error("'in' wants a list or a mapping");
    for (std::size_t i = 0; i < memory_.size(b); ++i) {
      if (++steps_ > kStepsMax) break;
      if (equal(memory_, a, memory_.item(b, i))) return CelValue::boolean(true);
    }
    return CelValue::boolean(false);
  }

  /// The same of a list that stands there, which then need not be made.
  CelValue listed(CelValue a, Cel& list, const Scope& scope) {
    bool found = false;
    steps_ += 1 + list.parts.size();
    for (Cel& one : list.parts) {
      const CelValue b = value(one, scope);
      if (b.is(Is::kError)) return b;
      found = found || equal(memory_, a, b);
    }
    return CelValue::boolean(found);
  }

  static CelValue compare(Op op, CelValue a, CelValue b) {
    int order = 0;
    if (a.is_number() && b.is_number()) {
      order = a.as_double() < b.as_double() ? -1 : a.as_double() > b.as_double();
    } else if (a.kind() == b.kind() && (a.is(Is::kInt) || a.is(Is::kDuration) || a.is(Is::kBool))) {
      order = a.number < b.number ? -1 : a.number > b.number;
    } else if (a.is(Is::kString) && b.is(Is::kString)) {
      order = a.text().compare(b.text());
    } else {
      return CelValue::error("these cannot be compared");
    }
    return CelValue::boolean(op == Op::kLess        ? order < 0
                             : op == Op::kLessEqual ? order <= 0
                             : op == Op::kGreater   ? order > 0
                                                    : order >= 0);
  }

  CelValue arithmetic(Op op, CelValue a, CelValue b) {
    if (op == Op::kAdd && a.is(Is::kString) && b.is(Is::kString)) return joined(a.text(), b.text());
    if (op == Op::kAdd && a.is(Is::kList) && b.is(Is::kList)) return concatenated(a, b);
    if (a.is(Is::kInt) && b.is(Is::kInt)) return whole(op, a.number, b.number);
    if (!a.is_number() || !b.is_number()) return CelValue::error("no numbers");
    const double x = a.as_double(), y = b.as_double();
    return CelValue::floating(op == Op::kAdd        ? x + y
                              : op == Op::kSubtract ? x - y
                              : op == Op::kMultiply ? x * y
                                                    : x / y);
  }

  /// A step per ten characters, as the API server counts: texts that grow in a loop have an end.
  CelValue joined(std::string_view a, std::string_view b) {
    steps_ += (a.size() + b.size()) / 10;
    if (gave_up()) return CelValue::error("too many steps");
    return CelValue::string(memory_.keep(std::string(a).append(b)));
  }

  CelValue concatenated(CelValue a, CelValue b) {
    std::vector<CelValue> items;
    for (const CelValue list : {a, b}) {
      for (std::size_t i = 0; i < memory_.size(list); ++i) items.push_back(memory_.item(list, i));
    }
    steps_ += items.size();
    return memory_.made(Is::kList, std::move(items));
  }

  static CelValue whole(Op op, std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    bool overflow = false;
    switch (op) {
      case Op::kAdd:
        overflow = __builtin_add_overflow(a, b, &out);
        break;
      case Op::kSubtract:
        overflow = __builtin_sub_overflow(a, b, &out);
        break;
      case Op::kMultiply:
        overflow = __builtin_mul_overflow(a, b, &out);
        break;
      default:
        if (b == 0 || (a == INT64_MIN && b == -1)) return CelValue::error("division by zero or overflow");
        out = op == Op::kDivide ? a / b : a % b;
    }
    return overflow ? CelValue::error("overflow") : CelValue::integer(out);
  }

  CelMemory memory_;
  std::size_t steps_ = 0;
};

}  // namespace

CelVerdict evaluate(Cel& rule, const Tables& tables, Patterns& patterns, Defaults& defaults,
                    std::uint32_t schema, const manifest::Node& self) {
  Evaluation evaluation(tables, patterns, defaults);
  const CelValue verdict = evaluation.run(rule, schema, self);
  if (evaluation.gave_up()) return CelVerdict::kGivenUp;
  if (!verdict.is(Is::kBool)) return CelVerdict::kFailed;
  return verdict.is_true() ? CelVerdict::kTrue : CelVerdict::kFalse;
}

}  // namespace marty::schema
