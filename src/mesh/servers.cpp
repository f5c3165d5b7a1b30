#include "mesh/servers.hpp"

#include <algorithm>

namespace marty::mesh {

bool Selector::matches(const Labels& of) const {
  const auto holds = [&](const Expression& wanted) {
    const auto found = of.find(wanted.key);
    const bool there = found != of.end();
    const bool listed =
        there && std::find(wanted.values.begin(), wanted.values.end(), found->second) != wanted.values.end();
    switch (wanted.op) {
      case Operator::kIn:
        return listed;
      case Operator::kNotIn:
        return !listed;
      case Operator::kExists:
        return there;
      case Operator::kDoesNotExist:
        return !there;
    }
    return false;
  };
  return std::all_of(labels.begin(), labels.end(),
                     [&](const auto& pair) {
                       const auto found = of.find(pair.first);
                       return found != of.end() && found->second == pair.second;
                     }) &&
         std::all_of(expressions.begin(), expressions.end(), holds);
}

}  // namespace marty::mesh
