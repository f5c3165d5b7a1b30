#include <fmt/format.h>

#include <array>

#include "manifest/yaml.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Members of a JSON Web Key that only its owner may know (RFC 7518, 6.2.2, 6.3.2 and 6.4).
constexpr std::array<std::string_view, 7> kPrivate{"d", "p", "q", "dp", "dq", "qi", "k"};

void check_keys(const Resource& policy, const Place& jwks, Report& report) {
  if (!jwks.node.is_scalar()) return;
  Diagnostics problems;
  const auto documents = manifest::parse_yaml(jwks.node.text, 0, problems);  // JSON is YAML
  const Node* keys =
      problems.has_errors() || documents.size() != 1 ? nullptr : documents.front().find("keys");
  if (keys == nullptr || !keys->is_sequence() || keys->size() == 0) {
    auto& finding =
        report.at(policy, jwks, "no set of keys: JSON with a list 'keys' is wanted; no token will pass");
    finding.severity = Severity::kError;
    return;
  }
  for (const auto& key : keys->children)
    for (const auto member : kPrivate)
      if (key.find(member) != nullptr) {
        report
            .at(policy, jwks,
                fmt::format("a private key (it has '{}'): whoever can read this object can sign tokens",
                            member))
            .notes = {{{}, "replace the key at the issuer, and put only its public half here"}};
        return;
      }
}

void check(const Estate& estate, Report& report) {
  for (const auto* policy : estate.of("RequestAuthentication")) {
    each(policy->root, "spec.jwtRules[].jwks", [&](const Place& jwks) { check_keys(*policy, jwks, report); });
    each(policy->root, "spec.jwtRules[]", [&](const Place& rule) {
      const bool found = !text(rule.node, "issuer").empty() || !text(rule.node, "jwksUri").empty();
      if (found || !rule.node.is_mapping()) return;
      auto& finding = report.at(*policy, rule, "a rule needs an issuer or jwksUri: Istio refuses it without");
      finding.severity = Severity::kError;
    });
  }
}

}  // namespace

extern const Rule keys_of_a_token{
    .id = "keys-of-a-token",
    .severity = Severity::kWarning,
    .peers = "IST0106 IST0133",
    .title = "the keys to check tokens with are missing, broken or not public",
    .why =
        "A RequestAuthentication checks tokens against the issuer's public keys: fetched from jwksUri, found "
        "by the issuer's discovery document, or written into jwks. Keys that cannot be read let no token "
        "pass; a private key there lets every reader of the cluster make tokens of his own.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: pets, namespace: shop}
spec:
  jwtRules:
  - issuer: https://id.example.com
    jwks: '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}]}' # <<
  - issuer: https://old.example.com
    jwks: https://old.example.com/keys # <<
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: pets, namespace: shop}
spec:
  jwtRules:
  - issuer: https://id.example.com
    jwks: '{"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}]}'
  - issuer: https://old.example.com
    jwksUri: https://old.example.com/keys
)",
    .check = check,
};

}  // namespace marty::rules::catalog
