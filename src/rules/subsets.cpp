#include "rules/subsets.hpp"

#include "dialect/names.hpp"

namespace marty::rules {

Subsets::Subsets(const Estate& estate) : estate_(estate) {
  for (const auto* rule : estate.of("DestinationRule"))
    rules_.emplace(dialect::fqdn(text(rule->root, "spec.host"), *rule->ns), rule);
}

std::vector<const Pods*> Subsets::pods(const Resource& service, std::string_view subset) const {
  auto all = estate_.pods_of(service);
  if (subset.empty()) return all;
  const auto rule = rules_.find(dialect::fqdn(*service.name, *service.ns));
  std::vector<const Pods*> out;
  if (rule == rules_.end()) return out;
  each(rule->second->root, "spec.subsets[]", [&](const Place& at) {
    if (text(at.node, "name") != subset) return;
    const auto labels = labels_at(at.node.find("labels"));
    for (const auto* pods : all)
      if (mesh::selects(labels, pods->labels)) out.push_back(pods);
  });
  return out;
}

}  // namespace marty::rules
