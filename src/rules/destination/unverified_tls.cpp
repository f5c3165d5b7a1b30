#include <fmt/format.h>

#include "rules/mtls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_tls(const Resource& rule, const Place& tls, Report& report) {
  const auto mode = text(tls.node, "mode");
  if (mode != "SIMPLE" && mode != "MUTUAL") return;
  for (const auto field : {"caCertificates", "credentialName", "insecureSkipVerify"})
    if (tls.node.find(field) != nullptr) return;
  report
      .at(rule, tls,
          fmt::format("{} TLS without caCertificates: up to Istio 1.20 any server is believed, since then "
                      "any that a public authority knows",
                      mode))
      .notes = {{{}, "caCertificates: system uses the authorities of the proxy's image"}};
}

void check(const Estate& estate, Report& report) {
  each_client_tls(
      estate, [&](const Resource& rule, const Place& tls, std::int64_t) { check_tls(rule, tls, report); });
}

}  // namespace

extern const Rule unverified_tls{
    .id = "unverified-tls",
    .severity = Severity::kWarning,
    .peers = "IST0128 IST0129",
    .title = "TLS to a server that nobody said how to check",
    .why =
        "Without an authority to check against, sidecars up to Istio 1.20 accept whatever certificate the "
        "other side shows: the traffic is encrypted, perhaps to an attacker. Newer ones check against the "
        "authorities of their own image, and servers with a private certificate fail. Name the authority.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: vet, namespace: shop}
spec:
  host: vet.example.com
  trafficPolicy:
    tls: {mode: SIMPLE} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: vet, namespace: shop}
spec:
  host: vet.example.com
  trafficPolicy:
    tls: {mode: SIMPLE, caCertificates: system}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
