#include "policy/mtls_mode.hpp"

#include <algorithm>

namespace marty::policy {
namespace {

enum class Scope { kMesh, kNamespace, kWorkload, kNone };

Scope scope_of(const MtlsPolicy& policy, const std::string& ns,
               const std::map<std::string, std::string>& labels, const std::string& root_namespace) {
  const bool in_root = policy.ns == root_namespace;
  if (policy.selector.empty())
    return in_root ? Scope::kMesh : policy.ns == ns ? Scope::kNamespace : Scope::kNone;
  // A selector in the root namespace selects nothing: Istio ignores such a policy.
  if (in_root || policy.ns != ns) return Scope::kNone;
  const bool selected = std::all_of(policy.selector.begin(), policy.selector.end(), [&](const auto& pair) {
    const auto found = labels.find(pair.first);
    return found != labels.end() && found->second == pair.second;
  });
  return selected ? Scope::kWorkload : Scope::kNone;
}

}  // namespace

Sourced<MtlsMode> effective_mtls(const std::vector<MtlsPolicy>& policies, const std::string& ns,
                                 const std::map<std::string, std::string>& labels, std::uint16_t port,
                                 const std::string& root_namespace) {
  const MtlsPolicy* by_scope[3] = {};
  for (const auto& policy : policies) {
    const auto scope = scope_of(policy, ns, labels, root_namespace);
    if (scope == Scope::kNone) continue;
    auto& slot = by_scope[static_cast<std::size_t>(scope)];
    if (!slot) slot = &policy;
  }
  Sourced<MtlsMode> mode{MtlsMode::kPermissive};
  for (const auto* policy : by_scope)
    if (policy && *policy->mode != MtlsMode::kUnset) mode = policy->mode;
  if (const auto* workload = by_scope[static_cast<std::size_t>(Scope::kWorkload)]) {
    const auto found = workload->ports.find(port);
    if (found != workload->ports.end() && *found->second != MtlsMode::kUnset) mode = found->second;
  }
  return mode;
}

}  // namespace marty::policy
