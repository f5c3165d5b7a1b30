#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// What a listener does with its connections: one port can do one of these.
enum class Reads { kHttp, kTls, kBytes };

Reads reads(std::string_view protocol) {
  std::string upper(protocol);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (upper == "HTTPS" || upper == "TLS") return Reads::kTls;
  return upper.starts_with("HTTP") || upper.starts_with("GRPC") ? Reads::kHttp : Reads::kBytes;
}

/// Gateways with one selector are carried out by the same proxies.
std::string proxies_of(const Resource& gateway) {
  std::string out;
  for (const auto& [key, value] : labels_at(get(gateway.root, "spec.selector")))
    out += key + "=" + value + ",";
  return out;
}

void check(const Estate& estate, Report& report) {
  struct First {
    const Node* protocol;
    const Resource* gateway;
  };
  std::map<std::string, First> first;  // by proxies, address and port
  each(estate.of("Gateway", "networking.istio.io"), "spec.servers[]",
       [&](const Resource* gateway, const Place& server) {
         const Node* protocol = get(server.node, "port.protocol");
         if (protocol == nullptr) return;
         const auto key = fmt::format("{}|{}|{}", proxies_of(*gateway), text(server.node, "bind"),
                                      text(server.node, "port.number"));
         const auto [known, fresh] = first.try_emplace(key, First{protocol, gateway});
         if (fresh || reads(known->second.protocol->text) == reads(protocol->text)) return;
         report
             .at(*gateway, *protocol, server.path + ".port.protocol",
                 fmt::format("port {} speaks {} already: this server is left out",
                             text(server.node, "port.number"), known->second.protocol->text))
             .notes = {
             see(*known->second.protocol, fmt::format("in Gateway '{}'", *known->second.gateway->name))};
       });
}

}  // namespace

extern const Rule gateway_port_two_protocols{
    .id = "gateway-port-two-protocols",
    .severity = Severity::kError,
    .peers = "IST0145",
    .title = "two servers want one port of a gateway to speak different protocols",
    .why =
        "A port has one listener. It reads HTTP, or begins with TLS and goes by the name asked for, or "
        "passes "
        "bytes on. Of servers for one port of the same proxies istiod takes the first and leaves out those "
        "that cannot share its listener; which is first is decided by age.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls: {mode: SIMPLE, credentialName: pets}
  - port: {number: 8443, name: tcp, protocol: TCP} # <<
    hosts: ["*"]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 8443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls: {mode: SIMPLE, credentialName: pets}
  - port: {number: 8443, name: tls, protocol: TLS}
    hosts: [bank.example.com]
    tls: {mode: PASSTHROUGH}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
