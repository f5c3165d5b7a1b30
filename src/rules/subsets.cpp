#include "rules/subsets.hpp"

#include <algorithm>
#include <iterator>

#include "dialect/names.hpp"

namespace marty::rules {

Subsets::Subsets(const Estate& estate) : estate_(estate) {
  for (const auto* rule : estate.of("DestinationRule")) {
    const auto [host, fresh] = by_host_.try_emplace(dialect::fqdn(text(rule->root, "spec.host"), *rule->ns));
    if (!fresh) continue;
    each(rule->root, "spec.subsets[]", [&](const Place& at) {
      host->second.push_back({text(at.node, "name"), labels_at(at.node.find("labels"))});
    });
  }
}

std::vector<const Pods*> Subsets::pods(const Resource& service, std::string_view subset) const {
  const auto& all = estate_.pods_of(service);
  if (subset.empty() || all.empty()) return all;
  std::vector<const Pods*> out;
  const auto known = by_host_.find(dialect::fqdn(*service.name, *service.ns));
  if (known == by_host_.end()) return out;
  for (const auto& [name, labels] : known->second)
    if (name == subset)
      std::ranges::copy_if(all, std::back_inserter(out),
                           [&](const Pods* pods) { return mesh::selects(labels, pods->labels); });
  return out;
}

}  // namespace marty::rules
