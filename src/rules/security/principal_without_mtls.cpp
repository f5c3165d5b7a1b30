#include <fmt/format.h>

#include "rules/mtls.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

using policy::MtlsMode;

/// The first mode among the policy's pods in which a caller may come without a certificate.
std::optional<Sourced<MtlsMode>> loose_mode(const Estate& estate, const Resource& policy,
                                            const SelectingKind& kind) {
  for (const auto* pods : chosen(estate, policy, kind)) {
    if (!pods->in_istio) continue;
    const auto mode = mtls_mode(estate, *pods);
    if (*mode != MtlsMode::kStrict && mode.written()) return mode;
  }
  return std::nullopt;
}

/// The first field of a DENY that a caller without a certificate escapes.
void check_deny(const Estate& estate, const Resource& policy, const SelectingKind& kind, Report& report) {
  std::optional<Sourced<MtlsMode>> mode;
  const auto look = [&](std::string_view field, const Way& way) {
    bool said = false;
    each(policy.root, way, [&](const Place& place) {
      if (said) return;
      if (!mode) mode = loose_mode(estate, policy, kind);
      if (!mode) return;
      said = true;
      report
          .at(policy, place,
              fmt::format("a caller without a certificate has no {}, so this DENY lets it through", field))
          .notes = {{{mode->origin, 0}, "plaintext is allowed here"},
                    {{}, "set mTLS to STRICT, or deny notPrincipals: [\"*\"] too"}};
    });
  };
  look("principals", "spec.rules[].from[].source.principals");
  look("namespaces", "spec.rules[].from[].source.namespaces");
}

/// The mode of all its pods when each of them takes plain text only: then no caller has an identity.
std::optional<Sourced<MtlsMode>> disabled_mode(const Estate& estate, const Resource& policy,
                                               const SelectingKind& kind) {
  std::optional<Sourced<MtlsMode>> out;
  for (const auto* pods : chosen(estate, policy, kind)) {
    if (!pods->in_istio) continue;
    const auto mode = mtls_mode(estate, *pods);
    if (*mode != MtlsMode::kDisable || !mode.written()) return std::nullopt;
    out = mode;
  }
  return out;
}

void check_allow(const Estate& estate, const Resource& policy, const SelectingKind& kind, Report& report) {
  const auto mode = disabled_mode(estate, policy, kind);
  if (!mode) return;
  bool said = false;
  const auto look = [&](std::string_view field, const Way& way) {
    each(policy.root, way, [&](const Place& place) {
      if (std::exchange(said, true)) return;
      report
          .at(policy, place,
              fmt::format("no caller comes with a certificate, so none has {}: this lets nobody in", field))
          .notes = {{{mode->origin, 7}, "mutual TLS is turned off here"}};
    });
  };
  look("principals", "spec.rules[].from[].source.principals");
  look("namespaces", "spec.rules[].from[].source.namespaces");
  look("serviceAccounts", "spec.rules[].from[].source.serviceAccounts");
}

void check(const Estate& estate, Report& report) {
  for (const auto& kind : selecting_kinds()) {
    if (kind.kind != "AuthorizationPolicy") continue;
    for (const auto* policy : estate.of(kind.kind, kind.group)) {
      const auto action = text(policy->root, "spec.action");
      if (action == "DENY") check_deny(estate, *policy, kind, report);
      if (action.empty() || action == "ALLOW") check_allow(estate, *policy, kind, report);
    }
  }
}

}  // namespace

extern const Rule principal_without_mtls{
    .id = "principal-without-mtls",
    .severity = Severity::kWarning,
    .peers = "KIA0105",
    .title = "a policy by identity where callers may come without one",
    .why =
        "Principals and namespaces are read from the caller's certificate. Where mutual TLS is not required "
        "a "
        "caller may come in plaintext, has no identity, and a DENY that names identities never matches it: "
        "who "
        "was to be kept out only has to leave the mesh. Where it is turned off, nobody has an identity, and "
        "an "
        "ALLOW that names some lets nobody in.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: PERMISSIVE}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-guests, namespace: shop}
spec:
  action: DENY
  rules:
  - from: [{source: {namespaces: [guests]}}] # <<
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: no-guests, namespace: shop}
spec:
  action: DENY
  rules:
  - from: [{source: {namespaces: [guests]}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
