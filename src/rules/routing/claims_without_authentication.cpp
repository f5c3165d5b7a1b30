#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  if (!estate.of("RequestAuthentication").empty()) return;
  each(estate.of("VirtualService"), "spec.http[].match[].headers",
       [&](const Resource* routes, const Place& headers) {
         for (std::size_t i = 0; is_mapping(&headers.node) && i < headers.node.size(); ++i) {
           const auto& key = headers.node.entry(i).key;
           if (!key.text.starts_with("@request.auth.claims")) continue;
           report
               .at(*routes, key, headers.path,
                   "no RequestAuthentication checks tokens here, so no request has claims")
               .notes = {{{}, "add a RequestAuthentication that selects the gateway"}};
         }
       });
}

}  // namespace

extern const Rule claims_without_authentication{
    .id = "claims-without-authentication",
    .severity = Severity::kError,
    .peers = "IST0149",
    .title = "routes by claims of a token that nobody checks",
    .why =
        "Claims exist only after a RequestAuthentication has verified the token at that gateway. Without one "
        "such a "
        "match is never true, and the requests take whatever route comes next.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [edge/front]
  http:
  - match:
    - headers:
        "@request.auth.claims.group": {exact: staff} # <<
    route: [{destination: {host: pets, port: {number: 80}}}]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: istio-system}
spec:
  jwtRules: [{issuer: "https://login.example.com", jwksUri: "https://login.example.com/keys"}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [edge/front]
  http:
  - match:
    - headers:
        "@request.auth.claims.group": {exact: staff}
    route: [{destination: {host: pets, port: {number: 80}}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
