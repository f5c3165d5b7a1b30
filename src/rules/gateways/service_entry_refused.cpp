#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/refusals.hpp"
#include "schema/addresses.hpp"

namespace marty::rules::catalog {
namespace {

bool is_address(std::string_view text) { return schema::is_ip(text) || schema::is_cidr(text); }

void check_hosts(const Resource& entry, Report& report) {
  each(entry.root, "spec.hosts[]", [&](const Place& host) {
    const auto star = host.node.text.find('*');
    if (star != host.node.text.npos && !host.node.text.starts_with("*.") && host.node.text != "*")
      report
          .at(entry, host,
              fmt::format("'{}': a wildcard stands for whole labels, at the beginning", host.node.text))
          .severity = Severity::kWarning;
  });
}

/// A port that carries no names can be for one host only: who is meant cannot be told from its connections.
void check_streams(const Resource& entry, Report& report) {
  const Node* hosts = get(entry.root, "spec.hosts");
  const auto resolution = text(entry.root, "spec.resolution");
  if (hosts == nullptr || hosts->size() < 2 || resolution.empty() || resolution == "NONE") return;
  each(entry.root, "spec.ports[]", [&](const Place& port) {
    const auto protocol = text(port.node, "protocol");
    if (protocol == "TCP" || protocol == "MONGO" || protocol == "MYSQL" || protocol == "REDIS")
      report
          .at(entry, port,
              fmt::format("{} names no host: with {} hosts nobody can tell which is meant", protocol,
                          hosts->size()))
          .notes = {see(*hosts, "the hosts"), {{}, "give each of them a ServiceEntry of its own"}};
  });
}

void check_endpoints(const Resource& entry, Report& report) {
  std::set<std::string_view> ports;
  each(entry.root, "spec.ports[].name", [&](const Place& name) { ports.insert(name.node.text); });
  const bool fixed = text(entry.root, "spec.resolution") == "STATIC";
  each(entry.root, "spec.endpoints[]", [&](const Place& endpoint) {
    const Node* own = endpoint.node.find("ports");
    for (std::size_t i = 0; is_mapping(own) && i < own->size(); ++i) {
      const auto& name = own->entry(i).key;
      if (!ports.contains(name.text))
        report.at(entry, name, endpoint.path + ".ports." + name.text,
                  fmt::format("the ServiceEntry has no port called '{}'", name.text));
    }
    const auto address = text(endpoint.node, "address");
    if (fixed && !address.empty() && !address.starts_with("unix://") && !schema::is_ip(address))
      refuse(entry, endpoint, "address",
             fmt::format("'{}' is no IP address, and STATIC looks nothing up", address), report);
  });
}

void check_protocols(const Resource& entry, Report& report) {
  each(entry.root, "spec.ports[].protocol", [&](const Place& protocol) {
    if (!is_protocol(protocol.node.text))
      report.at(entry, protocol, fmt::format("no proxy speaks '{}'", protocol.node.text)).notes = {
          {{}, "TCP and TLS pass anything on"}};
  });
}

void check_addresses(const Resource& entry, Report& report) {
  each(entry.root, "spec.addresses[]", [&](const Place& address) {
    if (!is_address(address.node.text))
      report.at(entry, address, fmt::format("'{}' is neither IP address nor network", address.node.text));
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto* entry : estate.of("ServiceEntry", "networking.istio.io")) {
    check_hosts(*entry, report);
    check_streams(*entry, report);
    check_endpoints(*entry, report);
    check_addresses(*entry, report);
    check_protocols(*entry, report);
  }
}

}  // namespace

extern const Rule service_entry_refused{
    .id = "service-entry-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a ServiceEntry whose hosts, ports and endpoints do not fit",
    .why =
        "STATIC endpoints are addresses; their ports have the names that the ServiceEntry gave; several "
        "hosts "
        "can share a port only when the protocol says which one is meant, as HTTP and TLS do. Istio's "
        "webhook "
        "refuses the rest, and the host stays unknown.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: store, namespace: shop}
spec:
  hosts: [db.example.com, cache.example.com]
  addresses: [240.240.0.1]
  ports:
  - {number: 5432, name: tcp, protocol: TCP} # <<
  resolution: STATIC
  endpoints:
  - address: db.internal # <<
    ports:
      postgres: 5432 # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: store, namespace: shop}
spec:
  hosts: [db.example.com]
  addresses: [240.240.0.1]
  ports:
  - {number: 5432, name: tcp, protocol: TCP}
  resolution: STATIC
  endpoints:
  - address: 10.1.2.3
    ports:
      tcp: 5432
)",
    .check = check,
};

}  // namespace marty::rules::catalog
