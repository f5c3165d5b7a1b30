#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_ref(const Estate& estate, const Resource& policy, const Place& ref, Report& report) {
  const auto kind = text(ref.node, "kind"), name = text(ref.node, "name");
  if (kind != "MeshTLSAuthentication" && kind != "NetworkAuthentication") return;
  const auto said = text(ref.node, "namespace");
  const auto ns = said.empty() ? std::string_view(*policy.ns) : said;
  if (estate.find(kind, ns, name) != nullptr || ns != *policy.ns) return;
  auto& finding = report.at(
      policy, ref, fmt::format("there is no {} '{}', so Linkerd ignores this whole policy", kind, name));
  suggest(finding, name, estate.names(kind, ns));
}

void check(const Estate& estate, Report& report) {
  each(estate.of("AuthorizationPolicy", "policy.linkerd.io"), "spec.requiredAuthenticationRefs[]",
       [&](const Resource* policy, const Place& ref) { check_ref(estate, *policy, ref, report); });
}

}  // namespace

extern const Rule unknown_authentication{
    .id = "unknown-authentication",
    .severity = Severity::kError,
    .peers = "",
    .title = "a Linkerd policy that refers to an authentication nobody defines",
    .why =
        "An AuthorizationPolicy one of whose authentications is missing is ignored as a whole, with a line "
        "in the "
        "policy controller's log. Nothing else allows the traffic then, so its callers get 403.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  requiredAuthenticationRefs:
  - {group: policy.linkerd.io, kind: MeshTLSAuthentication, name: caller} # <<
---
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {name: callers, namespace: shop}
spec: {identities: ["*"]}
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: AuthorizationPolicy
metadata: {name: callers, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  requiredAuthenticationRefs:
  - {group: policy.linkerd.io, kind: MeshTLSAuthentication, name: callers}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: MeshTLSAuthentication
metadata: {name: callers, namespace: shop}
spec: {identities: ["*"]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
