#include <fmt/format.h>

#include <set>

#include "rules/calls.hpp"
#include "rules/rule.hpp"
#include "rules/sidecars.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether the application's containers may start before the proxy can carry their calls.
bool may_be_first(const Estate& estate, const Pods& pods, const InjectedProxy& proxy) {
  if (proxy.native) return false;
  if (proxy.mesh == mesh::MeshKind::kLinkerd)
    return pods.annotation("config.linkerd.io/proxy-await") == "disabled";
  const auto holds = proxy_setting(estate, pods, "holdApplicationUntilProxyStarts");
  return !holds || holds->value != "true";
}

void check(const Estate& estate, Report& report) {
  std::set<const Pods*> said;
  each_call(estate, [&](const Call& call) {
    const auto proxy = injected_proxy(estate, call.from);
    if (!proxy || !may_be_first(estate, call.from, *proxy) || !said.insert(&call.from).second) return;
    auto& finding = report.at(
        *call.from.owner, call.place,
        fmt::format("the application may call '{}' before its sidecar is ready", *call.service.name));
    if (proxy->said != nullptr)
      finding.notes.push_back(see(*proxy->said, "no native sidecar, because of this"));
    finding.notes.push_back({{},
                             proxy->mesh == mesh::MeshKind::kLinkerd
                                 ? "leave config.linkerd.io/proxy-await at 'enabled'"
                                 : "proxy.istio.io/config: 'holdApplicationUntilProxyStarts: true' "
                                   "makes it wait; so does a native sidecar"});
  });
}

}  // namespace

extern const Rule starts_before_its_proxy{
    .id = "starts-before-its-proxy",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "an application that may start before its sidecar",
    .why =
        "The containers of a pod start together. Until the sidecar is ready the calls it is to carry are "
        "refused, and an application that connects to others when it starts fails, once in a while, on a "
        "slow node. Istio's holdApplicationUntilProxyStarts and Linkerd's proxy-await hold the application "
        "back; a native sidecar needs neither.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations: {sidecar.istio.io/nativeSidecar: "false"}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        args:
        - http://store:6000 # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations:
        sidecar.istio.io/nativeSidecar: "false"
        proxy.istio.io/config: "holdApplicationUntilProxyStarts: true"
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        args:
        - http://store:6000
)",
    .check = check,
};

}  // namespace marty::rules::catalog
