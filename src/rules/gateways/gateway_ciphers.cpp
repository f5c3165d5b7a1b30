#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

/// What Envoy's TLS library (BoringSSL) offers below TLS 1.3, by OpenSSL's names.
constexpr std::array<std::string_view, 15> kSuites{"ECDHE-ECDSA-AES128-GCM-SHA256",
                                                   "ECDHE-RSA-AES128-GCM-SHA256",
                                                   "ECDHE-ECDSA-AES256-GCM-SHA384",
                                                   "ECDHE-RSA-AES256-GCM-SHA384",
                                                   "ECDHE-ECDSA-CHACHA20-POLY1305",
                                                   "ECDHE-RSA-CHACHA20-POLY1305",
                                                   "ECDHE-ECDSA-AES128-SHA",
                                                   "ECDHE-RSA-AES128-SHA",
                                                   "ECDHE-ECDSA-AES256-SHA",
                                                   "ECDHE-RSA-AES256-SHA",
                                                   "AES128-GCM-SHA256",
                                                   "AES256-GCM-SHA384",
                                                   "AES128-SHA",
                                                   "AES256-SHA",
                                                   "DES-CBC3-SHA"};

/// 0 for TLS_AUTO and what is not written.
int rank(std::string_view version) { return version.starts_with("TLSV1_") ? version.back() - '0' + 1 : 0; }

void check_suites(const Resource& gateway, const Place& tls, Report& report) {
  std::set<std::string_view> seen;
  each(tls.node, "cipherSuites[]", [&](const Place& suite) {
    const std::string_view name = suite.node.text;
    const auto path = tls.path + "." + suite.path;
    // "ALL" and words with an operator in front are a language of their own.
    if (name == "ALL" || name.empty() || !std::isalnum(static_cast<unsigned char>(name[0]))) return;
    if (std::ranges::find(kSuites, name) == kSuites.end())
      suggest(report.at(gateway, suite.node, path,
                        fmt::format("Envoy has no cipher suite '{}': it is left out", name)),
              name, {kSuites.begin(), kSuites.end()});
    else if (!seen.insert(name).second)
      report.at(gateway, suite.node, path, fmt::format("'{}' is listed a second time", name));
  });
}

void check_versions(const Resource& gateway, const Place& tls, Report& report) {
  const auto least = text(tls.node, "minProtocolVersion"), most = text(tls.node, "maxProtocolVersion");
  if (rank(least) != 0 && rank(most) != 0 && rank(least) > rank(most))
    refuse(gateway, tls, "minProtocolVersion",
           fmt::format("no version is at least {} and at most {}", least, most), report)
        .notes = {see(*tls.node.find("maxProtocolVersion"), "the highest one")};
  const bool has_suites = has(tls.node, "cipherSuites");
  if ((least == "TLSV1_0" || least == "TLSV1_1") && !has_suites)
    refuse(gateway, tls, "minProtocolVersion",
           fmt::format("{} is allowed, but no cipher suite of it: by default there are only those of TLS 1.2",
                       least),
           report)
        .notes = {{{}, "old clients need cipherSuites such as ECDHE-RSA-AES128-SHA"}};
  if (least == "TLSV1_3" && has_suites)
    refuse(gateway, tls, "cipherSuites",
           "TLS 1.3 has suites of its own, which cannot be chosen: these are not used", report)
        .notes = {see(*tls.node.find("minProtocolVersion"), "nothing older is let in")};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("Gateway", "networking.istio.io"), "spec.servers[].tls",
       [&](const Resource* gateway, const Place& tls) {
         check_suites(*gateway, tls, report);
         check_versions(*gateway, tls, report);
       });
}

}  // namespace

extern const Rule gateway_ciphers{
    .id = "gateway-ciphers",
    .severity = Severity::kWarning,
    .peers = "IST0133 VAL",
    .title = "cipher suites and TLS versions of a gateway that do not go together",
    .why =
        "Suites that Envoy does not know are left out without an error, so a list of unknown ones allows "
        "what "
        "the default does. A version older than 1.2 needs old suites to be named; from 1.3 on they cannot be "
        "chosen. What does not meet ends in a handshake failure for the clients one wanted to serve, or in a "
        "hardening that is none.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [pets.example.com]
    tls:
      mode: SIMPLE
      credentialName: pets
      minProtocolVersion: TLSV1_1 # <<
  - port: {number: 444, name: more, protocol: HTTPS}
    hosts: [pets.example.com]
    tls:
      mode: SIMPLE
      credentialName: pets
      cipherSuites:
      - ECDHE-RSA-AES256-GCM-SHA348 # <<
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
    tls:
      mode: SIMPLE
      credentialName: pets
      minProtocolVersion: TLSV1_2
      cipherSuites: [ECDHE-RSA-AES256-GCM-SHA384]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
