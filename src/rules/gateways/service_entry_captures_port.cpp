#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* entry : estate.of("ServiceEntry", "networking.istio.io")) {
    const Node* addresses = get(entry->root, "spec.addresses");
    if (addresses != nullptr && addresses->size() > 0) continue;
    // Since 1.25 istiod gives such entries an address of their own, unless there is a wildcard to answer for.
    bool wildcard = false;
    each(entry->root, "spec.hosts[]", [&](const Place& at) { wildcard |= at.node.text.starts_with('*'); });
    if (!wildcard && text(entry->root, "spec.resolution") != "NONE") continue;
    each(entry->root, "spec.ports[]", [&](const Place& port) {
      const Node* protocol = port.node.find("protocol");
      if (protocol == nullptr || protocol->text != "TCP") return;
      report
          .at(*entry, *protocol, port.path + ".protocol",
              fmt::format(
                  "TCP without 'addresses': the sidecar takes every connection to port {} for this host",
                  text(port.node, "number")))
          .notes = {{{}, "list the addresses, or say TLS, which tells hosts apart by their SNI"}};
    });
  }
}

}  // namespace

extern const Rule service_entry_captures_port{
    .id = "service-entry-captures-port",
    .severity = Severity::kWarning,
    .peers = "IST0134",
    .title = "a TCP ServiceEntry without addresses",
    .why =
        "A TCP connection says nothing of the host it is for: only its address and port can tell. Without "
        "'addresses' the sidecar's listener is for the port alone and takes whatever goes there, also what "
        "is for others.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: database, namespace: shop}
spec:
  hosts: [orders.db.example.com]
  ports:
  - {number: 5432, name: tcp, protocol: TCP} # <<
  resolution: NONE
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: database, namespace: shop}
spec:
  hosts: [orders.db.example.com]
  addresses: [192.0.2.20]
  ports:
  - {number: 5432, name: tcp, protocol: TCP}
  resolution: NONE
)",
    .check = check,
};

}  // namespace marty::rules::catalog
