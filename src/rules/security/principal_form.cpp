#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/estate.hpp"
#include "rules/principal.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kScheme = "spiffe://";

/// The trust domains a certificate of this mesh may come from, as far as is known.
std::set<std::string_view> trust_domains(const Estate& estate) {
  std::set<std::string_view> out{"cluster.local", estate.settings().trust_domain};
  for (const auto& config : estate.settings().mesh_configs) {
    each(config, "trustDomainAliases[]", [&](const Place& alias) { out.insert(alias.node.text); });
    each(config, "caCertificates[].trustDomains[]",
         [&](const Place& domain) { out.insert(domain.node.text); });
  }
  return out;
}

void check_form(const Resource& policy, const Place& principal, Report& report) {
  const std::string_view text = principal.node.text;
  if (text.starts_with(kScheme)) {
    auto& finding =
        report.at(policy, principal, "a principal is written without spiffe://, so this is nobody");
    finding.notes = {{{}, fmt::format("write '{}'", text.substr(kScheme.size()))}};
    if (!principal.node.is_text && principal.node.length == text.size())
      finding.fix = Fix{principal.node.range(), std::string(text.substr(kScheme.size()))};
    return;
  }
  if (text.find('*') != text.npos || text.empty()) return;
  if (!principal_in(text))
    report.at(policy, principal, fmt::format("no certificate names '{}'", text)).notes = {
        {{}, "a principal is <trust domain>/ns/<namespace>/sa/<account>, or begins or ends with '*'"}};
}

void check_domain(const Estate& estate, const std::set<std::string_view>& domains, const Resource& policy,
                  const Place& principal, Report& report) {
  const std::string_view text = principal.node.text;
  const auto end = text.find("/ns/");
  if (end == text.npos || text.starts_with(kScheme)) return;
  const auto domain = text.substr(0, end);
  if (domain.find('*') != domain.npos || domains.contains(domain)) return;
  const std::vector<std::string_view> names(domains.begin(), domains.end());
  const auto near = closest(domain, names);
  // Another trust domain may be another mesh's, or this one's; only a configuration tells.
  if (!near && estate.settings().mesh_configs.empty()) return;
  auto& finding =
      report.at(policy, principal, fmt::format("no certificate comes from the trust domain '{}'", domain));
  if (near) finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
}

void check(const Estate& estate, Report& report) {
  const auto domains = trust_domains(estate);
  each(estate.of("AuthorizationPolicy", "security.istio.io"),
       {"spec.rules[].from[].source.principals[]", "spec.rules[].from[].source.notPrincipals[]"},
       [&](const Resource* policy, const Place& principal) {
         check_form(*policy, principal, report);
         check_domain(estate, domains, *policy, principal, report);
       });
}

}  // namespace

extern const Rule principal_form{
    .id = "principal-form",
    .severity = Severity::kWarning,
    .peers = "KIA0108",
    .title = "a principal that no certificate can have",
    .why =
        "Principals are compared with what stands in the caller's certificate behind spiffe://: "
        "cluster.local/ns/shop/sa/web. With the scheme, without the namespace, or from a trust domain that "
        "is "
        "not the mesh's, nobody matches: an ALLOW keeps everybody out, a DENY nobody.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from:
    - source:
        principals:
        - spiffe://cluster.local/ns/shop/sa/web # <<
        - web # <<
        - clster.local/ns/shop/sa/cart # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - from:
    - source:
        principals:
        - cluster.local/ns/shop/sa/web
        - "*/sa/cart"
)",
    .check = check,
};

}  // namespace marty::rules::catalog
