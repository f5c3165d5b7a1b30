#pragma once

#include "dialect/wire.hpp"
#include "mesh/model.hpp"

/// Kubernetes' LabelSelector (apimachinery v1): all of its conditions must hold; an empty one selects
/// everything.
namespace marty::dialect::kubernetes {

struct LabelSelector {
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist };
  struct Expression {
    Text key;
    Sourced<Operator> op{Operator::kIn};
    TextList values;  ///< of In and NotIn, at least one; of the others none
    Origin origin;
  };
  mesh::Labels match_labels;
  std::vector<Expression> match_expressions;
  Origin origin;
};
const manifest::Table& fields(Tag<LabelSelector>);

bool selects(const LabelSelector&, const mesh::Labels&);

}  // namespace marty::dialect::kubernetes
