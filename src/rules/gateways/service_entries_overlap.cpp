#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Known {
  const Resource* entry;
  const Node* port;
};

void check(const Estate& estate, Report& report) {
  std::map<std::string, Known> first;
  each(estate.of("ServiceEntry"), "spec.hosts[]", [&](const Resource* entry, const Place& host) {
    each(entry->root, "spec.ports[]", [&](const Place& port) {
      const auto key = fmt::format("{} {}", host.node.text, text(port.node, "number"));
      const auto [place, fresh] = first.try_emplace(key, Known{entry, &port.node});
      if (fresh || place->second.entry == entry) return;
      const auto before = text(*place->second.port, "protocol"), now = text(port.node, "protocol");
      report
          .at(*entry, port,
              before == now ? fmt::format("{} port {} is also in ServiceEntry '{}'", host.node.text,
                                          text(port.node, "number"), *place->second.entry->name)
                            : fmt::format("{} port {} is {} here and {} in ServiceEntry '{}'", host.node.text,
                                          text(port.node, "number"), now, before, *place->second.entry->name))
          .notes = {see(*place->second.port, "there")};
    });
  });
}

}  // namespace

extern const Rule service_entries_overlap{
    .id = "service-entries-overlap",
    .severity = Severity::kWarning,
    .peers = "IST0177 KIA1211 KIA1212",
    .title = "two ServiceEntries describe one host and port",
    .why =
        "Entries of one host are put together, but of what they say differently (protocol, resolution, "
        "endpoints) "
        "only one counts, the older. Merge them.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vet, namespace: shop}
spec:
  hosts: [vet.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vet-again, namespace: shop}
spec:
  hosts: [vet.example.com]
  ports: [{number: 443, name: https, protocol: HTTPS}] # <<
  resolution: DNS
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vet, namespace: shop}
spec:
  hosts: [vet.example.com]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
)",
    .check = check,
};

}  // namespace marty::rules::catalog
