#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool has(const Node& tls, std::string_view field) {
  const Node* value = tls.find(field);
  return value != nullptr && (value->is_scalar() ? !value->text.empty() : value->size() > 0);
}

bool has_secret(const Node& tls) { return has(tls, "credentialName") || has(tls, "credentialNames"); }

/// What Istio refuses about the certificates of one server; empty when all is there.
std::string missing_certificates(const Node& tls, std::string_view mode) {
  static constexpr std::array kOwn{"credentialName", "credentialNames", "serverCertificate", "privateKey",
                                   "caCertificates"};
  if (mode == "ISTIO_MUTUAL") {
    const auto own = std::ranges::find_if(kOwn, [&](auto* field) { return has(tls, field); });
    return own == kOwn.end() ? "" : fmt::format("{} beside ISTIO_MUTUAL, which uses the mesh's own", *own);
  }
  // Without a mode Istio takes PASSTHROUGH.
  if (mode.empty() || mode.ends_with("PASSTHROUGH") || has_secret(tls)) return "";
  const bool pair = has(tls, "tlsCertificates") || (has(tls, "serverCertificate") && has(tls, "privateKey"));
  if (!pair) return fmt::format("{} needs credentialName, or serverCertificate and privateKey", mode);
  if (mode.ends_with("MUTUAL") && !has(tls, "caCertificates"))
    return fmt::format("{} needs caCertificates to check clients against", mode);
  return "";
}

void check_server(const Resource& gateway, const Place& server, Report& report) {
  std::string protocol(text(server.node, "port.protocol"));
  std::ranges::transform(protocol, protocol.begin(), [](unsigned char c) { return std::toupper(c); });
  const bool secure = protocol == "HTTPS" || protocol == "TLS";
  const Node* tls = server.node.find("tls");
  const auto say = [&](const Node& node, std::string_view field, std::string message) -> Diagnostic& {
    return report.at(gateway, node, server.path + "." + std::string(field), std::move(message));
  };
  if (protocol.empty()) return;
  if (tls == nullptr) {
    if (secure)
      say(*get(server.node, "port.protocol"), "port.protocol",
          fmt::format("a server for {} needs 'tls'; Istio refuses the Gateway without", protocol));
    return;
  }
  const bool redirects = is_true(tls->find("httpsRedirect"));
  if (!secure) {
    if (!redirects)
      say(*tls, "tls", fmt::format("{} is plain text: of 'tls' it takes httpsRedirect only", protocol));
    return;
  }
  if (redirects) {
    say(*tls->find("httpsRedirect"), "tls.httpsRedirect", "only plain HTTP can redirect").severity =
        Severity::kWarning;
    return;
  }
  const auto mode = text(*tls, "mode");
  if (auto missing = missing_certificates(*tls, mode); !missing.empty()) say(*tls, "tls", std::move(missing));
}

void check(const Estate& estate, Report& report) {
  each(estate.of("Gateway", "networking.istio.io"), "spec.servers[]",
       [&](const Resource* gateway, const Place& server) { check_server(*gateway, server, report); });
}

}  // namespace

extern const Rule gateway_tls{
    .id = "gateway-tls",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "a Gateway's protocol and its TLS settings do not go together",
    .why =
        "HTTPS and TLS servers need 'tls' with a certificate: a Secret by credentialName, or files. Plain "
        "protocols take nothing of it but httpsRedirect. Istio's webhook refuses the object; where the "
        "webhook is not asked, the listener is left out and the port is dead.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls: {mode: SIMPLE} # <<
  - port: {number: 8443, name: more, protocol: HTTPS} # <<
    hosts: [pets.example.com]
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [pets.example.com]
    tls: {mode: SIMPLE, credentialName: pets} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls: {mode: SIMPLE, credentialName: pets}
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [pets.example.com]
    tls: {httpsRedirect: true}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
