#include "schema/cel.hpp"
#include "schema/cel_value.hpp"

namespace marty::schema {

namespace {

using Is = CelValue::Kind;
using Op = Cel::Op;

/// Steps of one rule on one value. The largest rule of Gateway API on its largest list takes about 200 000.
constexpr std::size_t kStepsMax = 2'000'000;

class Evaluation {
 public:
  Evaluation(const Tables& tables, Patterns& patterns, Defaults& defaults)
      : memory_(tables, patterns, defaults) {}

  CelValue run(const Cel& rule, std::uint32_t schema, const manifest::Node& self) {
    names_.emplace_back("self", memory_.of(self, schema));
    return value(rule);
  }
  bool gave_up() const { return steps_ > kStepsMax; }

 private:
  CelValue value(const Cel& cel) {
    if (++steps_ > kStepsMax) return CelValue::error("too many steps");
    switch (cel.op) {
      case Op::kLiteralString:
        return CelValue::string(cel.text);
      case Op::kLiteralInt:
        return CelValue::integer(cel.number);
      case Op::kLiteralDouble:
        return {Is::kDouble, 0, cel.real};
      case Op::kLiteralBool:
        return CelValue::boolean(cel.number != 0);
      case Op::kLiteralNull:
        return {};
      case Op::kName:
        return named(cel.text);
      case Op::kField:
        return memory_.field(value(cel.parts[0]), cel.text);
      case Op::kHas:
        return has(cel);
      case Op::kMacro:
        return macro(cel);
      case Op::kAnd:
      case Op::kOr:
        return logic(cel);
      case Op::kCondition: {
        const CelValue test = value(cel.parts[0]);
        if (!test.is(Is::kBool)) return test.is(Is::kError) ? test : CelValue::error("no bool before '?'");
        return value(cel.parts[test.is_true() ? 1 : 2]);
      }
      case Op::kCall:
      case Op::kList:
      case Op::kMap:
        return gather(cel);
      default:
        return operation(cel);
    }
  }

  CelValue named(std::string_view name) const {
    for (auto at = names_.rbegin(); at != names_.rend(); ++at) {
      if (manifest::same(at->first, name)) return at->second;
    }
    return CelValue::error("an unknown name");
  }

  CelValue has(const Cel& cel) {
    const CelValue map = value(cel.parts[0]);
    return map.is(Is::kError) ? map : CelValue::boolean(memory_.has(map, cel.text));
  }

  /// Both orders give the same: a side that decides by itself outweighs an error on the other.
  CelValue logic(const Cel& cel) {
    const bool decides = cel.op == Op::kOr;
    const CelValue left = value(cel.parts[0]);
    if (left.is(Is::kBool) && left.is_true() == decides) return left;
    const CelValue right = value(cel.parts[1]);
    if (right.is(Is::kBool) && right.is_true() == decides) return right;
    if (!left.is(Is::kBool)) return left.is(Is::kError) ? left : CelValue::error("no bool");
    return right.is(Is::kBool) || right.is(Is::kError) ? right : CelValue::error("no bool");
  }

  CelValue gather(const Cel& cel) {
    std::vector<CelValue> values;
    values.reserve(cel.parts.size());
    for (const Cel& part : cel.parts) {
      values.push_back(value(part));
      if (values.back().is(Is::kError)) return values.back();
    }
    if (cel.op == Op::kCall) return call(memory_, cel.text, values);
    return {
        cel.op == Op::kList ? Is::kList : Is::kMap, 0, 0, {}, nullptr, 0, memory_.keep(std::move(values))};
  }

  CelValue macro(const Cel& cel) {
    const CelValue over = value(cel.parts[0]);
    if (!over.is(Is::kList) && !over.is(Is::kMap))
      return over.is(Is::kError) ? over : CelValue::error("neither a list nor a mapping");
    const bool filter = cel.text == "filter", map = cel.text == "map";
    const bool all = cel.text == "all", exists = cel.text == "exists";
    std::vector<CelValue> kept;
    std::size_t matches = 0;
    CelValue failure;
    for (std::size_t i = 0; i < memory_.size(over); ++i) {
      names_.emplace_back(cel.parts[1].text, memory_.item(over, i));
      const CelValue found = value(cel.parts[2]);
      if (map && !found.is(Is::kError)) kept.push_back(found);
      if (filter && found.is_true()) kept.push_back(names_.back().second);
      names_.pop_back();
      if (found.is(Is::kError)) failure = found;
      if (all && found.is_false()) return found;
      if (exists && found.is_true()) return found;
      if (found.is_true()) ++matches;
    }
    if (failure.is(Is::kError)) return failure;
    if (filter || map) return {Is::kList, 0, 0, {}, nullptr, 0, memory_.keep(std::move(kept))};
    return CelValue::boolean(all || (!exists && matches == 1));
  }

  CelValue operation(const Cel& cel) {
    const CelValue a = value(cel.parts[0]);
    if (a.is(Is::kError)) return a;
    if (cel.op == Op::kNot)
      return a.is(Is::kBool) ? CelValue::boolean(!a.is_true()) : CelValue::error("no bool");
    if (cel.op == Op::kMinus) {
      if (a.is(Is::kInt)) return CelValue::integer(-a.number);
      return a.is(Is::kDouble) ? CelValue{Is::kDouble, 0, -a.real} : CelValue::error("no number");
    }
    const CelValue b = value(cel.parts[1]);
    if (b.is(Is::kError)) return b;
    switch (cel.op) {
      case Op::kIndex:
        return index(a, b);
      case Op::kIn:
        return in(a, b);
      case Op::kEqual:
        return CelValue::boolean(equal(memory_, a, b));
      case Op::kUnequal:
        return CelValue::boolean(!equal(memory_, a, b));
      case Op::kLess:
      case Op::kLessEqual:
      case Op::kGreater:
      case Op::kGreaterEqual:
        return compare(cel.op, a, b);
      default:
        return arithmetic(cel.op, a, b);
    }
  }

  CelValue index(const CelValue& a, const CelValue& b) {
    if (a.is(Is::kMap) && b.is(Is::kString)) return memory_.field(a, b.text);
    if (!a.is(Is::kList) || !b.is(Is::kInt)) return CelValue::error("no index");
    if (b.number < 0 || static_cast<std::size_t>(b.number) >= memory_.size(a))
      return CelValue::error("index out of bounds");
    return memory_.item(a, static_cast<std::size_t>(b.number));
  }

  CelValue in(const CelValue& a, const CelValue& b) {
    if (b.is(Is::kMap)) return CelValue::boolean(a.is(Is::kString) && memory_.holds(b, a.text));
    if (!b.is(Is::kList)) return CelValue::error("'in' wants a list or a mapping");
    for (std::size_t i = 0; i < memory_.size(b); ++i) {
      if (++steps_ > kStepsMax) break;
      if (equal(memory_, a, memory_.item(b, i))) return CelValue::boolean(true);
    }
    return CelValue::boolean(false);
  }

  static CelValue compare(Op op, const CelValue& a, const CelValue& b) {
    int order = 0;
    if (a.is_number() && b.is_number()) {
      order = a.as_double() < b.as_double() ? -1 : a.as_double() > b.as_double();
    } else if (a.kind == b.kind && (a.is(Is::kInt) || a.is(Is::kDuration) || a.is(Is::kBool))) {
      order = a.number < b.number ? -1 : a.number > b.number;
    } else if (a.is(Is::kString) && b.is(Is::kString)) {
      order = a.text.compare(b.text);
    } else {
      return CelValue::error("these cannot be compared");
    }
    return CelValue::boolean(op == Op::kLess        ? order < 0
                             : op == Op::kLessEqual ? order <= 0
                             : op == Op::kGreater   ? order > 0
                                                    : order >= 0);
  }

  CelValue arithmetic(Op op, const CelValue& a, const CelValue& b) {
    if (op == Op::kAdd && a.is(Is::kString) && b.is(Is::kString))
      return CelValue::string(memory_.keep(std::string(a.text).append(b.text)));
    if (op == Op::kAdd && a.is(Is::kList) && b.is(Is::kList)) return concatenated(a, b);
    if (a.is(Is::kInt) && b.is(Is::kInt)) return whole(op, a.number, b.number);
    if (!a.is_number() || !b.is_number()) return CelValue::error("no numbers");
    const double x = a.as_double(), y = b.as_double();
    return {Is::kDouble, 0,
            op == Op::kAdd        ? x + y
            : op == Op::kSubtract ? x - y
            : op == Op::kMultiply ? x * y
                                  : x / y};
  }

  CelValue concatenated(const CelValue& a, const CelValue& b) {
    std::vector<CelValue> items;
    for (const CelValue* list : {&a, &b}) {
      for (std::size_t i = 0; i < memory_.size(*list); ++i) items.push_back(memory_.item(*list, i));
    }
    steps_ += items.size();
    return {Is::kList, 0, 0, {}, nullptr, 0, memory_.keep(std::move(items))};
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
  std::vector<std::pair<std::string_view, CelValue>> names_;
  std::size_t steps_ = 0;
};

}  // namespace

CelVerdict evaluate(const Cel& rule, const Tables& tables, Patterns& patterns, Defaults& defaults,
                    std::uint32_t schema, const manifest::Node& self) {
  Evaluation evaluation(tables, patterns, defaults);
  const CelValue verdict = evaluation.run(rule, schema, self);
  if (evaluation.gave_up()) return CelVerdict::kGivenUp;
  if (!verdict.is(Is::kBool)) return CelVerdict::kFailed;
  return verdict.is_true() ? CelVerdict::kTrue : CelVerdict::kFalse;
}

}  // namespace marty::schema
