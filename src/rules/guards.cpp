#include "rules/guards.hpp"

namespace marty::rules {

Guards::Guards(const Estate& estate) : root_(estate.settings().root_namespace) {
  for (const auto& scope : estate.model().authorization)
    if (!scope.dry_run) by_namespace_[scope.policy.ns].push_back(&scope);
}

std::vector<policy::Authorization::Policy> Guards::of(const Pods& pods) const {
  std::vector<policy::Authorization::Policy> out;
  const auto add = [&](std::string_view ns) {
    const auto known = by_namespace_.find(ns);
    if (known == by_namespace_.end()) return;
    for (const auto* scope : known->second)
      if (mesh::selects(scope->selector, pods.labels)) out.push_back(scope->policy);
  };
  add(pods.ns());
  if (pods.ns() != root_) add(root_);
  return out;
}

}  // namespace marty::rules
