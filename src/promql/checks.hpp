#pragma once

#include "promql/syntax.hpp"

namespace marty::promql {

/// What the grammar allows and Prometheus refuses all the same: types and numbers of arguments, selectors of
/// everything, modifiers that fit nothing. Looks at one node; its children are checked already. Fills in the
/// node's type.
std::optional<Problem> check(Expr&);

bool is_comparison(std::string_view op);
bool is_set_operator(std::string_view op);

}  // namespace marty::promql
