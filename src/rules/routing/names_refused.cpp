#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

void check_hosts(const Resource& resource, Report& report) {
  std::map<std::string_view, const Node*> first;
  each(resource.root, "spec.hosts[]", [&](const Place& host) {
    const auto [known, fresh] = first.try_emplace(host.node.text, &host.node);
    if (!fresh)
      report.at(resource, host, "this host is listed twice").notes = {see(*known->second, "the first time")};
  });
}

/// "mesh", "name", "namespace/name", or the legacy "name.namespace.svc.cluster.local".
bool is_gateway(std::string_view name) {
  const auto slash = name.find('/');
  if (slash == name.npos) return dialect::is_host(name);
  const auto ns = name.substr(0, slash);
  return (ns == "." || dialect::is_dns_label(ns)) && dialect::is_host(name.substr(slash + 1));
}

void check_gateway(const Resource& resource, const Place& name, Report& report) {
  const std::string_view text = name.node.text;
  if (!is_gateway(text)) {
    report.at(resource, name, fmt::format("'{}' is no Gateway's name; write namespace/name", text));
  } else if (text.ends_with(dialect::kClusterDomain)) {
    report.at(resource, name, "a Gateway has no address in the cluster: this form of its name is of the past")
        .severity = Severity::kWarning;
  }
}

/// Where an object can be seen: ".", "*", "~" or namespaces.
void check_export(const Resource& resource, Report& report) {
  const Node* list = get(resource.root, "spec.exportTo");
  each(resource.root, "spec.exportTo[]", [&](const Place& ns) {
    const std::string_view text = ns.node.text;
    const bool everybody = text == "*", nobody = text == "~";
    if (!everybody && !nobody && text != "." && !dialect::is_dns_label(text))
      report.at(resource, ns, fmt::format("'{}' is no namespace, and neither '.', '*' nor '~'", text));
    else if ((everybody || nobody) && list->size() > 1)
      report.at(resource, ns,
                fmt::format("'{}' stands alone: the others are said by it, or contradict it", text));
  });
}

void check_sources(const Resource& resource, Report& report) {
  each(resource.root, "spec.http[].match[].sourceNamespace", [&](const Place& ns) {
    if (!ns.node.text.empty() && !dialect::is_dns_label(ns.node.text))
      report.at(resource, ns, fmt::format("'{}' is no namespace", ns.node.text));
  });
}

void check_sni(const Resource& resource, Report& report) {
  each(resource.root, "spec.tls[].match[].sniHosts[]", [&](const Place& sni) {
    bool covered = false;
    each(resource.root, "spec.hosts[]", [&](const Place& host) {
      const std::string_view text = host.node.text, name = sni.node.text;
      covered =
          covered || text == name || text == "*" || (text.starts_with('*') && name.ends_with(text.substr(1)));
    });
    if (!covered)
      report.at(resource, sni, fmt::format("'{}' is none of this VirtualService's hosts", sni.node.text))
          .notes = {see(*get(resource.root, "spec.hosts"), "its hosts")};
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto* resource : estate.of("VirtualService")) {
    check_hosts(*resource, report);
    each(resource->root, "spec.gateways[]",
         [&](const Place& name) { check_gateway(*resource, name, report); });
    each(resource->root, "spec.http[].match[].gateways[]",
         [&](const Place& name) { check_gateway(*resource, name, report); });
    check_sources(*resource, report);
    if (get(resource->root, "spec.hosts") != nullptr) check_sni(*resource, report);
  }
  for (const auto kind : {"VirtualService", "DestinationRule", "ServiceEntry"})
    for (const auto* resource : estate.of(kind)) check_export(*resource, report);
}

}  // namespace

extern const Rule names_refused{
    .id = "names-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL KIA1108",
    .title = "a list of names with one that cannot stand there",
    .why =
        "Hosts of a VirtualService are listed once each; gateways are written namespace/name; exportTo holds "
        "namespaces, or one of '.', '*' and '~'; a TLS route's SNI is one of the object's hosts. Istio's "
        "webhook refuses what is none of that.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts:
  - pets
  - pets # <<
  exportTo: [".", "*"] # <<
  http:
  - match: [{sourceNamespace: Web Team}] # <<
    route: [{destination: {host: pets}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bank, namespace: shop}
spec:
  hosts: [bank.example.com]
  tls:
  - match: [{sniHosts: [bank.example.org]}] # <<
    route: [{destination: {host: bank.example.com}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts:
  - pets
  exportTo: ["."]
  http:
  - match: [{sourceNamespace: web}]
    route: [{destination: {host: pets}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bank, namespace: shop}
spec:
  hosts: [bank.example.com]
  tls:
  - match: [{sniHosts: [bank.example.com]}]
    route: [{destination: {host: bank.example.com}}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: shop}
spec:
  hosts: [bank.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
)",
    .check = check,
};

}  // namespace marty::rules::catalog
