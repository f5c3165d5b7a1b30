#include "rules/guards.hpp"

namespace marty::rules {

Guards::Guards(const Estate& estate) : root_(estate.settings().root_namespace) {
  for (const auto& scope : estate.model().authorization)
    if (!scope.dry_run) by_namespace_[scope.policy.ns].push_back(&scope);
}

void Guards::each(const Pods& pods, FunctionRef<void(const mesh::AuthorizationScope&)> see) const {
  const auto look = [&](std::string_view ns) {
    const auto known = by_namespace_.find(ns);
    if (known == by_namespace_.end()) return;
    for (const auto* scope : known->second)
      if (mesh::selects(scope->selector, pods.labels)) see(*scope);
  };
  look(pods.ns());
  if (pods.ns() != root_) look(root_);
}

std::vector<policy::Authorization::Policy> Guards::of(const Pods& pods) const {
  std::vector<policy::Authorization::Policy> out;
  each(pods, [&](const auto& scope) { out.push_back(scope.policy); });
  return out;
}

bool Guards::any_for(const Pods& pods) const {
  bool found = false;
  each(pods, [&](const auto&) { found = true; });
  return found;
}

}  // namespace marty::rules
