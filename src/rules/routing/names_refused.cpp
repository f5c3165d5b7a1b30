#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/looks.hpp"

namespace marty::rules::catalog {
namespace {

void check_hosts(const Resource& resource, const Place& hosts, Report& report) {
  if (hosts.node.size() < 2) return;
  std::map<std::string_view, const Node*> first;
  each(hosts.node, "[]", [&](const Place& host) {
    const auto [known, fresh] = first.try_emplace(host.node.text, &host.node);
    if (!fresh)
      report.at(resource, host.node, hosts.path + host.path, "this host is listed twice").notes = {
          see(*known->second, "the first time")};
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
void check_export(const Resource& resource, const Place& ns, Report& report) {
  const std::string_view text = ns.node.text;
  const bool everybody = text == "*", nobody = text == "~";
  if (!everybody && !nobody && text != "." && !dialect::is_dns_label(text))
    report.at(resource, ns, fmt::format("'{}' is no namespace, and neither '.', '*' nor '~'", text));
  else if ((everybody || nobody) && get(resource.root, "spec.exportTo")->size() > 1)
    report.at(resource, ns,
              fmt::format("'{}' stands alone: the others are said by it, or contradict it", text));
}

void check_source(const Resource& resource, const Place& ns, Report& report) {
  if (!ns.node.text.empty() && !dialect::is_dns_label(ns.node.text))
    report.at(resource, ns, fmt::format("'{}' is no namespace", ns.node.text));
}

void check_sni(const Resource& resource, const Place& sni, Report& report) {
  const Node* hosts = get(resource.root, "spec.hosts");
  if (hosts == nullptr) return;
  bool covered = false;
  each(*hosts, "[]", [&](const Place& host) {
    const std::string_view text = host.node.text, name = sni.node.text;
    covered =
        covered || text == name || text == "*" || (text.starts_with('*') && name.ends_with(text.substr(1)));
  });
  if (!covered)
    report.at(resource, sni, fmt::format("'{}' is none of this VirtualService's hosts", sni.node.text))
        .notes = {see(*hosts, "its hosts")};
}

constexpr Look kLooks[] = {{"spec.hosts", check_hosts},
                           {"spec.gateways[]", check_gateway},
                           {"spec.http[].match[].gateways[]", check_gateway},
                           {"spec.http[].match[].sourceNamespace", check_source},
                           {"spec.tls[].match[].sniHosts[]", check_sni}};
constexpr Look kExports[] = {{"spec.exportTo[]", check_export}};

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), kLooks, report);
  for (const auto kind : {"VirtualService", "DestinationRule", "ServiceEntry"})
    each(estate.of(kind), kExports, report);
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
