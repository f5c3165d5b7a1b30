#include "rules/rule.hpp"

namespace marty::rules::catalog {

extern const Rule deprecated_version{
    .id = "deprecated-version",
    .severity = Severity::kWarning,
    .peers = "IST0002 IST0135",
    .title = "a version of an API that will go away",
    .why =
        "The kind is still served in this version, but its makers have said that it will be removed; a "
        "later upgrade of the mesh or its CRDs then refuses these manifests. The newest version takes "
        "the same objects, mostly unchanged.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1alpha1 # <<
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: 8080
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec:
  podSelector: {matchLabels: {app: pets}}
  port: 8080
)",
};

}  // namespace marty::rules::catalog
