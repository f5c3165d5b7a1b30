#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The words Istio reads at the beginning of a port's name (istio.md: protocol selection).
constexpr std::string_view kProtocols[] = {"grpc",  "grpc-web", "http", "http2", "https", "mongo", "mysql",
                                           "redis", "tcp",      "tls",  "udp",   "hbone", "auto"};

bool names_protocol(std::string_view name) {
  return std::any_of(std::begin(kProtocols), std::end(kProtocols), [&](std::string_view word) {
    return name == word || (name.starts_with(word) && name[word.size()] == '-');
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto* service : estate.of("Service")) {
    if (!estate.istio_injected(*service->ns)) continue;
    each(service->root, "spec.ports[]", [&](const Place& port) {
      const Node* name = port.node.find("name");
      if (port.node.find("appProtocol") != nullptr || text(port.node, "protocol") == "UDP") return;
      if (name != nullptr && names_protocol(name->text)) return;
      report
          .at(*service, name != nullptr ? *name : port.node, port.path,
              fmt::format("{}: the sidecar has to guess the protocol from the first bytes",
                          name == nullptr ? "a port without a name"
                                          : fmt::format("'{}' names no protocol", name->text)))
          .notes = {{{}, "name it http, grpc, tcp, … perhaps with a suffix: http-admin; or set appProtocol"}};
    });
  }
}

}  // namespace

extern const Rule port_without_protocol{
    .id = "port-without-protocol",
    .severity = Severity::kInfo,
    .peers = "IST0118 KIA0601 KIA0602",
    .title = "a Service port whose name does not say its protocol",
    .why =
        "Istio reads the protocol from the port's name (<protocol>[-suffix]) or its appProtocol. Without "
        "either it "
        "waits for the first bytes and guesses; protocols in which the server speaks first stall, and what "
        "is taken "
        "for TCP gets no routes, retries or HTTP metrics.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports:
  - name: api # <<
    port: 80
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports:
  - name: http-api
    port: 80
)",
    .check = check,
};

}  // namespace marty::rules::catalog
