#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool taken_as_tcp(const Node& port) {
  if (port.find("appProtocol") != nullptr) return text(port, "appProtocol") == "tcp";
  const auto name = text(port, "name");
  return name.empty() || name == "tcp" || name.starts_with("tcp-");
}

void check(const Estate& estate, Report& report) {
  for (const auto* service : estate.of("Service")) {
    if (text(service->root, "spec.type") != "ExternalName" || !estate.istio_injected(*service->ns)) continue;
    each(service->root, "spec.ports[]", [&](const Place& port) {
      if (!taken_as_tcp(port.node)) return;
      const Node* name = port.node.find("name");
      report
          .at(*service, name != nullptr ? *name : port.node, port.path,
              fmt::format("TCP without an address: sidecars take every connection to port {} for this host",
                          text(port.node, "port")))
          .notes = {{{}, "name the port by its protocol, such as https, or write a ServiceEntry"}};
    });
  }
}

}  // namespace

extern const Rule external_name_port{
    .id = "external-name-port",
    .severity = Severity::kWarning,
    .peers = "IST0150",
    .title = "an ExternalName Service with a port that counts as TCP",
    .why =
        "An ExternalName has no address of its own. With a port named tcp, or not at all, Istio makes a "
        "listener for that port at every address, and connections to quite other hosts at the same port end "
        "there.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: bank, namespace: shop}
spec:
  type: ExternalName
  externalName: api.bank.example.com
  ports:
  - {name: tcp, port: 443} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: bank, namespace: shop}
spec:
  type: ExternalName
  externalName: api.bank.example.com
  ports:
  - {name: https, port: 443}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
