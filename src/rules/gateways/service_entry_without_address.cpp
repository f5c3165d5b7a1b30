#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool any(const Node& spec, std::string_view list) {
  const Node* node = spec.find(list);
  return node != nullptr && node->size() > 0;
}

void check_hosts(const Resource& entry, const Node& spec, std::string_view resolution, Report& report) {
  each(spec, "hosts[]", [&](const Place& host) {
    const bool wildcard = host.node.text.find('*') != host.node.text.npos;
    if (wildcard && resolution.starts_with("DNS") && !any(spec, "endpoints"))
      report
          .at(entry, host.node, "spec." + host.path,
              fmt::format("'{}' cannot be looked up: {} needs whole names", host.node.text, resolution))
          .notes = {{{}, "use DYNAMIC_DNS, NONE, or list 'endpoints'"}};
    if (!wildcard && resolution == "DYNAMIC_DNS")
      report.at(entry, host.node, "spec." + host.path, "DYNAMIC_DNS is for wildcard hosts; use DNS for this");
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto* entry : estate.of("ServiceEntry", "networking.istio.io")) {
    const Node* spec = entry->root.find("spec");
    if (spec == nullptr) continue;
    const auto resolution = text(*spec, "resolution");
    check_hosts(*entry, *spec, resolution, report);
    if (resolution == "STATIC" && !any(*spec, "endpoints") && spec->find("workloadSelector") == nullptr)
      report
          .at(*entry, *spec->find("resolution"), "spec.resolution",
              "STATIC without endpoints or workloadSelector: there is nowhere to send requests to, so 503")
          .notes = {{{}, "list 'endpoints', or let DNS find them"}};
  }
}

}  // namespace

extern const Rule service_entry_without_address{
    .id = "service-entry-without-address",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "a ServiceEntry whose endpoints can never be found",
    .why =
        "How a ServiceEntry's endpoints are found is said by 'resolution': STATIC takes them from the object "
        "itself, DNS looks the hosts up and so needs whole names, DYNAMIC_DNS looks up what matches a "
        "wildcard. In any other combination the host is known and has nobody behind it: callers get 503 with "
        "flag UH.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: shop}
spec:
  hosts: ["*.bank.example.com"] # <<
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: tax, namespace: shop}
spec:
  hosts: [tax.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: STATIC # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: bank, namespace: shop}
spec:
  hosts: [api.bank.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: tax, namespace: shop}
spec:
  hosts: [tax.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: STATIC
  endpoints: [{address: 192.0.2.10}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
