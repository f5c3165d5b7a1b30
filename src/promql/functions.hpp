#pragma once

#include <string_view>

#include "promql/syntax.hpp"

namespace marty::promql {

/// A function of Prometheus 2 or 3, the experimental ones included.
struct Function {
  std::string_view name;
  std::string_view arguments;  ///< s scalar, t string, v vector, m matrix; the last repeats
  std::size_t least, most;
  Type returns = Type::kVector;

  Type argument(std::size_t) const;
};
const Function* find_function(std::string_view name);

/// An aggregation operator and what it takes before the vector: s, t, or nothing.
struct Aggregation {
  std::string_view name;
  std::string_view parameter;
};
const Aggregation* find_aggregation(std::string_view lower_case_name);

}  // namespace marty::promql
