#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/request_view.hpp"
#include "policy/string_match.hpp"

namespace marty::policy {

/// Who may do what at a workload (Istio AuthorizationPolicy; istio.md 2.12): any DENY match denies; with no
/// ALLOW policy all else passes; otherwise any ALLOW match allows; otherwise denied.
struct Authorization {
  enum class Action : std::uint8_t { kAllow, kDeny };

  /// Values of one list OR-ed; exact, prefix*, *suffix or * (present and not empty).
  using Patterns = std::vector<StringMatch>;
  struct Source {
    Patterns principals, not_principals;  ///< matched on "<td>/ns/<ns>/sa/<sa>"
    Patterns namespaces, not_namespaces;
    std::vector<Sourced<std::string>> ip_blocks, not_ip_blocks;
    Origin origin;
  };
  struct Operation {
    Patterns hosts, not_hosts, methods, not_methods, paths, not_paths;
    std::vector<Sourced<std::string>> ports, not_ports;
    Origin origin;
  };
  struct Condition {
    std::string key;  ///< "source.principal", "request.headers[x]", …
    Patterns values, not_values;
    Origin origin;
  };
  struct Rule {
    std::vector<Source> from;     ///< empty: any source
    std::vector<Operation> to;    ///< empty: any operation
    std::vector<Condition> when;  ///< all must hold
    Origin origin;
  };
  struct Policy {
    std::string ns, name;
    Action action = Action::kAllow;
    std::vector<Rule> rules;  ///< none: never matches, so an ALLOW without rules denies all
    Origin origin;
  };

  struct Decision {
    bool allowed = true;
    const Policy* policy = nullptr;  ///< that decided; nullptr: no ALLOW policy applies, or none matched
    std::size_t rule = 0;
    Origin origin;  ///< the matching rule, or the first ALLOW policy none of whose rules matched
    /// Envoy's response_code_details for a denial: "rbac_access_denied_matched_policy[none]" or
    /// "[ns[..]-policy[..]-rule[..]]".
    std::string details() const;
  };
  static Decision decide(const std::vector<Policy>&, const RequestView&);
};

bool operator==(const Authorization::Source&, const Authorization::Source&);
bool operator==(const Authorization::Operation&, const Authorization::Operation&);
bool operator==(const Authorization::Condition&, const Authorization::Condition&);
bool operator==(const Authorization::Rule&, const Authorization::Rule&);
bool operator==(const Authorization::Policy&, const Authorization::Policy&);

}  // namespace marty::policy
