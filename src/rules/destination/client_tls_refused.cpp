#include <fmt/format.h>

#include "rules/mtls.hpp"
#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

void check_tls(const Resource& rule, const Place& tls, Report& report) {
  const auto mode = text(tls.node, "mode");
  if (mode.empty() && tls.node.size() > 0) {
    refuse(rule, tls, {}, "without a mode this is DISABLE: callers send plain text", report).severity =
        Severity::kWarning;
    return;
  }
  if (mode == "MUTUAL" && !has(tls.node, "credentialName"))
    for (const auto field : {"clientCertificate", "privateKey"})
      if (!has(tls.node, field))
        refuse(rule, tls, "mode", fmt::format("MUTUAL needs {}, or credentialName", field), report);
  if (mode == "MUTUAL" || mode == "SIMPLE")
    for (const auto field : {"clientCertificate", "privateKey", "caCertificates"})
      if (check_exclusive(rule, tls, "credentialName", field, report)) return;
  if (!is_true(tls.node.find("insecureSkipVerify"))) return;
  for (const auto field : {"caCertificates", "subjectAltNames"})
    check_exclusive(rule, tls, "insecureSkipVerify", field, report);
}

void check(const Estate& estate, Report& report) {
  each_client_tls(
      estate, [&](const Resource& rule, const Place& tls, std::int64_t) { check_tls(rule, tls, report); });
}

}  // namespace

extern const Rule client_tls_refused{
    .id = "client-tls-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "TLS to a destination whose fields do not go together",
    .why =
        "MUTUAL proves who calls, with a certificate and key from files or from a Secret, not from both; "
        "insecureSkipVerify and what one would verify against exclude each other. Istio's webhook refuses "
        "the "
        "rest. A tls block without a mode is taken, and turns TLS off: also that of the mesh.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: shop}
spec:
  host: bank.example.com
  trafficPolicy:
    tls:
      mode: MUTUAL # <<
      clientCertificate: /etc/certs/client.pem
      caCertificates: /etc/certs/root.pem
    portLevelSettings:
    - port: {number: 443}
      tls:
        mode: SIMPLE
        credentialName: bank
        caCertificates: /etc/certs/root.pem # <<
    - port: {number: 444}
      tls: {sni: bank.example.com} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: shop}
spec:
  host: bank.example.com
  trafficPolicy:
    tls:
      mode: MUTUAL
      clientCertificate: /etc/certs/client.pem
      privateKey: /etc/certs/key.pem
      caCertificates: /etc/certs/root.pem
    portLevelSettings:
    - port: {number: 443}
      tls: {mode: SIMPLE, credentialName: bank}
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
