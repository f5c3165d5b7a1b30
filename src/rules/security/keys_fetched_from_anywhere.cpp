#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kBlocked = "BLOCKED_CIDRS_IN_JWKS_URIS";

/// The first place that makes istiod fetch keys.
const Node* fetched(const Estate& estate) {
  const Node* found = nullptr;
  each(estate.of("RequestAuthentication", "security.istio.io"), "spec.jwtRules[]",
       [&](const Resource*, const Place& rule) {
         const Node* uri = rule.node.find("jwksUri");
         if (found == nullptr && rule.node.find("jwks") == nullptr) found = uri != nullptr ? uri : &rule.node;
       });
  return found;
}

void check(const Estate& estate, Report& report) {
  const Node* uri = fetched(estate);
  if (uri == nullptr) return;
  for (const auto& pods : estate.pods()) {
    if (*pods.owner->kind != "Deployment" || !pods.labels.contains("app") ||
        pods.labels.at("app") != "istiod")
      continue;
    bool blocks = false;
    each(*pods.spec, "containers[].env[].name",
         [&](const Place& name) { blocks |= name.node.text == kBlocked; });
    if (!blocks)
      report.object(*pods.owner, "istiod fetches keys from any address that a RequestAuthentication names")
          .notes = {see(*uri, "one of them"),
                    {{}, "list networks it must not ask in its environment: BLOCKED_CIDRS_IN_JWKS_URIS"}};
  }
}

}  // namespace

extern const Rule keys_fetched_from_anywhere{
    .id = "keys-fetched-from-anywhere",
    .severity = Severity::kInfo,
    .peers = "IST0175",
    .title = "istiod may be sent to fetch keys from inside the network",
    .why =
        "istiod itself fetches the keys of a jwksUri, and who may write RequestAuthentications chooses "
        "where. "
        "Without a list of blocked networks that may be an address that only istiod reaches. Seen where "
        "istiod's Deployment is among the files, or with --live.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istiod # <<
  namespace: istio-system
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod}}
    spec:
      serviceAccountName: istiod
      containers: [{name: discovery, image: "istio/pilot:1.30.0"}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec:
  jwtRules: [{issuer: "https://id.example.com", jwksUri: "https://id.example.com/keys"}]
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istiod
  namespace: istio-system
spec:
  selector: {matchLabels: {app: istiod}}
  template:
    metadata: {labels: {app: istiod}}
    spec:
      serviceAccountName: istiod
      containers:
      - name: discovery
        image: "istio/pilot:1.30.0"
        env: [{name: BLOCKED_CIDRS_IN_JWKS_URIS, value: "10.0.0.0/8,127.0.0.0/8,169.254.0.0/16"}]
---
apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec:
  jwtRules: [{issuer: "https://id.example.com", jwksUri: "https://id.example.com/keys"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
