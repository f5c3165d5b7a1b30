#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 3> kOfTheNet{"NET_ADMIN", "SYS_ADMIN", "ALL"};

void check_container(const Resource& owner, const Place& container, Report& report) {
  const Node* privileged = get(container.node, "securityContext.privileged");
  if (is_true(privileged)) {
    report.at(owner, *privileged, container.path + ".securityContext.privileged",
              "a privileged container can change the rules that lead its traffic to the sidecar");
    return;
  }
  each(container.node, "securityContext.capabilities.add[]", [&](const Place& one) {
    if (std::ranges::count(kOfTheNet, std::string_view(one.node.text)) > 0)
      report.at(
          owner, one.node, container.path + "." + one.path,
          fmt::format("with {} it can change the rules that lead its traffic to the sidecar", one.node.text));
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods())
    if (estate.istio_injected(pods.ns(), &pods) || estate.linkerd_injected(pods.ns(), &pods))
      each(*pods.spec, "containers[]",
           [&](const Place& container) { check_container(*pods.owner, container, report); });
}

}  // namespace

extern const Rule privileged_beside_the_proxy{
    .id = "privileged-beside-the-proxy",
    .severity = Severity::kInfo,
    .peers = "privileged-container drop-net-raw-capability",
    .title = "an application beside a sidecar that may take itself out of the mesh",
    .why =
        "What leads a pod's traffic through its sidecar are rules in the pod's network, and a container with "
        "NET_ADMIN or full privilege can remove them. Policies for what goes out then depend on the good "
        "will of the application; those at the other side still hold.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        securityContext: {capabilities: {add: [NET_ADMIN]}} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        securityContext: {capabilities: {drop: [ALL]}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
