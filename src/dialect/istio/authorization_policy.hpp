#pragma once

#include "dialect/istio/parts.hpp"
#include "manifest/resource.hpp"

/// AuthorizationPolicy (security.istio.io), istio.md 1.8 and 2.12: who may do what at a workload.
namespace marty::dialect::istio {

/// An annotation: "true" has the policy counted and not enforced.
inline constexpr const char* kDryRun = "istio.io/dry-run";

struct AuthorizationPolicy {
  static constexpr const char* kKind = "AuthorizationPolicy";
  enum class Action { kAllow, kDeny, kAudit, kCustom };
  struct Provider {};

  struct Source {
    TextList principals, not_principals, namespaces, not_namespaces, ip_blocks, not_ip_blocks;
    TextList service_accounts, not_service_accounts;
    TextList request_principals, not_request_principals, remote_ip_blocks, not_remote_ip_blocks,
        trust_domains, not_trust_domains;
    Origin origin;
  };
  struct Operation {
    TextList hosts, not_hosts, ports, not_ports, methods, not_methods, paths, not_paths;
    Origin origin;
  };
  struct From {
    std::optional<Source> source;
  };
  struct To {
    std::optional<Operation> operation;
  };
  struct Condition {
    Text key;
    TextList values, not_values;
    Origin origin;
  };
  struct Rule {
    std::optional<std::vector<From>> from;
    std::optional<std::vector<To>> to;
    std::optional<std::vector<Condition>> when;
    Origin origin;
  };

  std::optional<WorkloadSelector> selector;
  std::optional<TargetRef> target_ref;
  std::vector<TargetRef> target_refs;
  Sourced<Action> action{Action::kAllow};
  std::optional<Provider> provider;
  std::optional<std::vector<Rule>> rules;  ///< ALLOW without any never matches, which denies all
};
const manifest::Table& fields(Tag<AuthorizationPolicy>);

void read_authorization_policy(const manifest::Resource&, mesh::Model&, Diagnostics&);
AuthorizationPolicy from_model(const mesh::AuthorizationScope&);

}  // namespace marty::dialect::istio
