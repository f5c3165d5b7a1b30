#include <fmt/format.h>

#include <set>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// "pets.shop.svc.cluster.local:8080" → "pets", "shop"; empty for hosts of other shapes.
std::pair<std::string_view, std::string_view> service_of(std::string_view host) {
  host = host.substr(0, host.find(':'));
  if (!host.ends_with(dialect::kClusterDomain) || host.find('*') != host.npos) return {};
  host.remove_suffix(dialect::kClusterDomain.size());
  const auto dot = host.find('.');
  if (dot == host.npos) return {};
  return {host.substr(0, dot), host.substr(dot + 1)};
}

void check(const Estate& estate, Report& report) {
  std::set<std::string_view> others;
  each(estate.of("ServiceEntry"), "spec.hosts[]",
       [&](const Resource*, const Place& host) { others.insert(host.node.text); });
  each(estate.of("AuthorizationPolicy", "security.istio.io"),
       {"spec.rules[].to[].operation.hosts[]", "spec.rules[].to[].operation.notHosts[]"},
       [&](const Resource* policy, const Place& host) {
         const auto [name, ns] = service_of(host.node.text);
         if (name.empty() || !estate.has_services(ns) || others.contains(host.node.text) ||
             estate.find("Service", ns, name) != nullptr)
           return;
         suggest(report.at(
                     *policy, host,
                     fmt::format("no Service '{}' in namespace '{}': no request is for this host", name, ns)),
                 name, estate.names("Service", ns));
       });
}

}  // namespace

extern const Rule unknown_request_host{
    .id = "unknown-request-host",
    .severity = Severity::kWarning,
    .peers = "KIA0104",
    .title = "a policy for requests to a host that is not there",
    .why =
        "'hosts' is compared with the host a request is for. When no Service has that name, no request is "
        "meant: an ALLOW keeps its callers out, a DENY denies nothing. The selector says whose requests "
        "these "
        "are anyway; hosts are for gateways, where several share one proxy.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to:
    - operation:
        hosts: [pest.shop.svc.cluster.local] # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to:
    - operation:
        hosts: [pets.shop.svc.cluster.local]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
