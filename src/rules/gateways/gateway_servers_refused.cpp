#include <fmt/format.h>

#include <algorithm>

#include "dialect/names.hpp"
#include "rules/refusals.hpp"
#include "schema/addresses.hpp"

namespace marty::rules::catalog {
namespace {

/// "host", "*.host", or either behind "namespace/", "./" or "*/".
bool is_server_host(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return dialect::is_host(text);
  const auto ns = text.substr(0, slash);
  return (ns == "." || ns == "*" || dialect::is_dns_label(ns)) && dialect::is_host(text.substr(slash + 1));
}

bool is_address(std::string_view bind) { return bind.starts_with("unix://") || schema::is_ip(bind); }

void check_server(const Resource& gateway, const Place& server, Report& report) {
  each(server.node, "hosts[]", [&](const Place& host) {
    if (!is_server_host(host.node.text))
      report.at(gateway, host.node, server.path + "." + host.path,
                fmt::format("'{}' is neither host nor namespace/host", host.node.text));
  });
  const auto protocol = text(server.node, "port.protocol");
  if (!protocol.empty() && !is_protocol(protocol))
    refuse(gateway, server, "port.protocol", fmt::format("no gateway speaks '{}'", protocol), report)
        .notes = {{{}, "HTTP, HTTPS, HTTP2, GRPC, TCP, TLS and MONGO are spoken"}};
  const auto port = number(server.node, "port.number");
  const auto bind = text(server.node, "bind");
  if (port && (*port < 1 || *port > 65535) && !bind.starts_with("unix://"))
    refuse(gateway, server, "port.number", "a port is a number from 1 to 65535", report);
  if (!bind.empty() && !is_address(bind))
    refuse(gateway, server, "bind", fmt::format("'{}' is no address to listen at", bind), report);
}

void check(const Estate& estate, Report& report) {
  for (const auto* gateway : estate.of("Gateway", "networking.istio.io")) {
    const Node* servers = get(gateway->root, "spec.servers");
    if (servers == nullptr || servers->size() == 0) {
      report.object(*gateway, "a Gateway without servers listens at no port; Istio refuses it");
      continue;
    }
    each(gateway->root, "spec.servers[]",
         [&](const Place& server) { check_server(*gateway, server, report); });
  }
}

}  // namespace

extern const Rule gateway_servers_refused{
    .id = "gateway-servers-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "a Gateway's server with a host, port or protocol that cannot be",
    .why =
        "A Gateway says at which ports its proxies listen, what they speak there, and for which hosts. The "
        "schema takes any text for each of them. Istio's webhook refuses the object, and where it is not "
        "asked, the listener is left out: connections are refused.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTPP} # <<
    hosts: [pets.example.com]
  - port: {number: 81, name: more, protocol: HTTP}
    hosts: ["https://pets.example.com"] # <<
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata:
  name: empty # <<
  namespace: edge
spec:
  selector: {istio: ingressgateway}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [pets.example.com]
  - port: {number: 81, name: more, protocol: HTTP}
    hosts: ["shop/*.example.com"]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
