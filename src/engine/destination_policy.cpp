#include "engine/destination_policy.hpp"

#include <algorithm>

#include "engine/program_shared.hpp"

namespace marty::engine {
namespace {

/// How closely a rule's host names the service: 0 not at all, longer is closer, an exact name closest.
std::size_t closeness(const std::string& host, const std::string& fqdn) {
  if (host == fqdn) return SIZE_MAX;
  if (!host.starts_with('*')) return 0;
  const auto suffix = std::string_view(host).substr(1);
  return fqdn.ends_with(suffix) ? host.size() : 0;
}

bool says_something(const mesh::TrafficPolicy& policy) {
  return policy.limits || policy.outliers || policy.balancer || policy.tls;
}

}  // namespace

DestinationView::DestinationView(const mesh::Model& model, const std::string& client_ns,
                                 const mesh::Service& service) {
  const auto fqdn = service.fqdn();
  // The first namespace with any match decides alone; nothing is inherited across namespaces.
  for (const auto& ns : {client_ns, service.ns, std::string(kRootNamespace)}) {
    std::size_t best = 0;
    for (const auto& rule : model.destinations)
      if (rule.ns == ns) best = std::max(best, closeness(rule.host, fqdn));
    if (best == 0) continue;
    for (const auto& rule : model.destinations)
      if (rule.ns == ns && closeness(rule.host, fqdn) == best) rules_.push_back(&rule);
    return;
  }
}

const mesh::Subset* DestinationView::subset(std::string_view name) const {
  for (const auto* rule : rules_)
    for (const auto& subset : rule->subsets)
      if (subset.name == name) return &subset;
  return nullptr;
}

mesh::TrafficPolicy DestinationView::policy(const mesh::Subset* subset) const {
  const auto first = std::find_if(rules_.begin(), rules_.end(),
                                  [](const auto* rule) { return says_something(rule->policy); });
  mesh::TrafficPolicy merged = first == rules_.end() ? mesh::TrafficPolicy{} : (*first)->policy;
  if (!subset) return merged;
  if (subset->policy.limits) merged.limits = subset->policy.limits;
  if (subset->policy.outliers) merged.outliers = subset->policy.outliers;
  if (subset->policy.balancer) merged.balancer = subset->policy.balancer;
  if (subset->policy.tls) merged.tls = subset->policy.tls;
  return merged;
}

Origin DestinationView::origin() const { return rules_.empty() ? Origin{} : rules_.front()->origin; }

}  // namespace marty::engine
