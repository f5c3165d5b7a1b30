#include "rules/label_selector.hpp"

namespace marty::rules {

namespace {

using Operator = mesh::Selector::Operator;

Operator operator_of(std::string_view word) {
  if (word == "NotIn") return Operator::kNotIn;
  if (word == "Exists") return Operator::kExists;
  return word == "DoesNotExist" ? Operator::kDoesNotExist : Operator::kIn;
}

}  // namespace

mesh::Selector selector_at(const Node& node) {
  mesh::Selector out;
  out.labels = labels_at(node.find("matchLabels"));
  each(node, "matchExpressions[]", [&](const Place& at) {
    mesh::Selector::Expression expression{
        std::string(text(at.node, "key")), operator_of(text(at.node, "operator")), {}};
    each(at.node, "values[]", [&](const Place& value) { expression.values.push_back(value.node.text); });
    out.expressions.push_back(std::move(expression));
  });
  return out;
}

std::optional<mesh::Labels> namespace_labels(const Estate& estate, std::string_view ns) {
  const auto* space = estate.find("Namespace", "", ns);
  if (space == nullptr) return std::nullopt;
  auto out = labels_at(get(space->root, "metadata.labels"));
  out["kubernetes.io/metadata.name"] = ns;
  return out;
}

}  // namespace marty::rules
