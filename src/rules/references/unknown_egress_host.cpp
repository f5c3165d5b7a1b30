#include <fmt/format.h>

#include <set>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// "pets.shop.svc.cluster.local" → "pets", "shop"; empty for hosts of other shapes.
std::pair<std::string_view, std::string_view> service_of(std::string_view host) {
  if (!host.ends_with(dialect::kClusterDomain)) return {};
  host.remove_suffix(dialect::kClusterDomain.size());
  const auto dot = host.find('.');
  if (dot == host.npos) return {};
  return {host.substr(0, dot), host.substr(dot + 1)};
}

void check(const Estate& estate, Report& report) {
  std::set<std::string_view> external;
  each(estate.of("ServiceEntry"), "spec.hosts[]",
       [&](const Resource*, const Place& host) { external.insert(host.node.text); });
  each(estate.of("Sidecar", "networking.istio.io"), "spec.egress[].hosts[]",
       [&](const Resource* sidecar, const Place& at) {
         const std::string_view text = at.node.text;
         const auto slash = text.find('/');
         if (slash == text.npos) return;
         const auto host = text.substr(slash + 1);
         const auto [name, ns] = service_of(host);
         if (name.empty() || name.find('*') != name.npos || !estate.has_services(ns) ||
             external.contains(host) || estate.find("Service", ns, name) != nullptr)
           return;
         suggest(report.at(
                     *sidecar, at,
                     fmt::format("no Service '{}' in namespace '{}': this lets nothing be known", name, ns)),
                 name, estate.names("Service", ns));
       });
}

}  // namespace

extern const Rule unknown_egress_host{
    .id = "unknown-egress-host",
    .severity = Severity::kWarning,
    .peers = "KIA1004",
    .title = "a Sidecar opens a way to a host that is not there",
    .why =
        "A proxy knows the hosts its Sidecar lists and no others. One that is misspelt adds nothing, and the "
        "Service that was meant stays unknown: calls to it go out as to a stranger, without routes, retries "
        "and mutual TLS, or are refused under REGISTRY_ONLY.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec:
  selector: {app: orders}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: web}
spec:
  egress:
  - hosts:
    - "./*"
    - shop/order.shop.svc.cluster.local # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: orders, namespace: shop}
spec:
  selector: {app: orders}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: web}
spec:
  egress:
  - hosts:
    - "./*"
    - shop/orders.shop.svc.cluster.local
)",
    .check = check,
};

}  // namespace marty::rules::catalog
