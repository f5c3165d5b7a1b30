#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/refusals.hpp"
#include "schema/addresses.hpp"

namespace marty::rules::catalog {
namespace {

void check_addresses(const Resource& policy, const Place& source, Report& report) {
  for (const std::string_view list : {"ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"})
    if (const Node* blocks = source.node.find(list))
      each(*blocks, "[]", [&](const Place& block) {
        const std::string_view text = block.node.text;
        if (!schema::is_ip(text) && !schema::is_cidr(text))
          report.at(policy, block.node, fmt::format("{}.{}{}", source.path, list, block.path),
                    fmt::format("'{}' is neither an IP address nor a network such as 10.0.0.0/8", text));
      });
}

void check_trust_domains(const Resource& policy, const Place& source, Report& report) {
  for (const std::string_view list : {"trustDomains", "notTrustDomains"})
    if (const Node* domains = source.node.find(list))
      each(*domains, "[]", [&](const Place& domain) {
        const std::string_view text = domain.node.text;
        const auto stars = std::ranges::count(text, '*');
        const bool at_end = text.starts_with('*') || text.ends_with('*');
        if (text.find('/') != text.npos || stars > 1 || (stars == 1 && !at_end))
          report.at(policy, domain.node, fmt::format("{}.{}{}", source.path, list, domain.path),
                    fmt::format("'{}' is no trust domain; one '*' may stand at one end", text));
      });
}

/// An authorizer outside is asked about the request itself; who calls is for ALLOW and DENY to say.
void check_custom(const Resource& policy, const Place& source, Report& report) {
  static constexpr std::array kIdentity{
      "principals",         "notPrincipals",     "namespaces",           "notNamespaces", "serviceAccounts",
      "notServiceAccounts", "requestPrincipals", "notRequestPrincipals", "trustDomains",  "notTrustDomains"};
  for (const auto field : kIdentity)
    if (has(source.node, field))
      refuse(policy, source, field, fmt::format("CUSTOM cannot go by {}", field), report).notes = {
          {{}, "put this into an ALLOW or DENY policy beside it: both must agree"}};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "security.istio.io"), "spec.rules[].from[].source",
       [&](const Resource* policy, const Place& source) {
         check_addresses(*policy, source, report);
         check_trust_domains(*policy, source, report);
         if (text(policy->root, "spec.action") == "CUSTOM") check_custom(*policy, source, report);
       });
}

}  // namespace

extern const Rule source_refused{
    .id = "source-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a caller written in a way that Istio refuses",
    .why =
        "Addresses are IPs or networks, trust domains have one '*' at most, and a CUSTOM policy, which asks "
        "an "
        "authorizer about the request, cannot go by who calls. The schema takes any text; Istio's webhook "
        "does "
        "not, and a policy that is not there lets everybody in.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  action: DENY
  rules:
  - from:
    - source:
        ipBlocks: [10.0.0/8] # <<
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ask, namespace: shop}
spec:
  action: CUSTOM
  provider: {name: ext-authz}
  rules:
  - from:
    - source:
        namespaces: [web] # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  action: DENY
  rules:
  - from:
    - source:
        ipBlocks: [10.0.0.0/8]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ask, namespace: shop}
spec:
  action: CUSTOM
  provider: {name: ext-authz}
  rules:
  - to: [{operation: {paths: ["/admin/*"]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
