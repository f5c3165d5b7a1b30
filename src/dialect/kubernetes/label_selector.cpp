#include "dialect/kubernetes/label_selector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace marty::dialect::kubernetes {

using namespace manifest;
using Operator = LabelSelector::Operator;
using Expression = LabelSelector::Expression;

namespace {

bool takes_values(Operator op) { return op == Operator::kIn || op == Operator::kNotIn; }

void check(const Expression& expression, const Node& node, Reader& reader) {
  if (takes_values(*expression.op) != expression.values.empty()) return;
  reader.error("invalid-value", node.range(),
               takes_values(*expression.op) ? "In and NotIn need at least one value"
                                            : "Exists and DoesNotExist take no values");
}

bool holds(const Expression& expression, const mesh::Labels& labels) {
  const auto label = labels.find(*expression.key);
  const bool there = label != labels.end();
  if (!takes_values(*expression.op)) return there == (*expression.op == Operator::kExists);
  const bool listed = there && std::any_of(expression.values.begin(), expression.values.end(),
                                           [&](const Text& value) { return *value == label->second; });
  return listed == (*expression.op == Operator::kIn);
}

}  // namespace

std::span<const Spelling> spellings(Tag<Operator>) {
  static constexpr Spelling kAll[] = {spell("In", Operator::kIn), spell("NotIn", Operator::kNotIn),
                                      spell("Exists", Operator::kExists),
                                      spell("DoesNotExist", Operator::kDoesNotExist)};
  return kAll;
}

const Table& fields(Tag<Expression>) {
  using E = Expression;
  static const Fields<E> table{
      "LabelSelectorRequirement",
      {field("key", &E::key, kRequired), field("operator", &E::op, kRequired), field("values", &E::values)},
      check};
  return table;
}

const Table& fields(Tag<LabelSelector>) {
  using S = LabelSelector;
  static const Fields<S> table{
      "LabelSelector",
      {field("matchLabels", &S::match_labels), field("matchExpressions", &S::match_expressions)}};
  return table;
}

bool selects(const LabelSelector& selector, const mesh::Labels& labels) {
  return mesh::selects(selector.match_labels, labels) &&
         std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const Expression& expression) { return holds(expression, labels); });
}

}  // namespace marty::dialect::kubernetes
