#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    const bool istio = estate.istio_injected(pods.ns(), &pods),
               linkerd = estate.linkerd_injected(pods.ns(), &pods);
    const std::string_view proxy = istio ? "1337" : linkerd ? "2102" : "";
    if (proxy.empty()) continue;
    for (const Way& pattern :
         {Way("securityContext.runAsUser"), Way("containers[].securityContext.runAsUser")}) {
      each(*pods.spec, pattern, [&](const Place& user) {
        if (user.node.text != proxy) return;
        report
            .at(*pods.owner, user,
                fmt::format("{} is the user of the {} proxy, whose traffic is not redirected", proxy,
                            istio ? "Istio" : "Linkerd"))
            .notes = {{{}, "choose any other number"}};
      });
    }
  }
}

}  // namespace

extern const Rule runs_as_the_proxy{
    .id = "runs-as-the-proxy",
    .severity = Severity::kError,
    .peers = "IST0144",
    .title = "an application that runs as the sidecar's user",
    .why =
        "The redirection of a pod's traffic leaves out what the proxy's own user sends (1337 for Istio, 2102 "
        "for "
        "Linkerd), so that the proxy does not catch itself. An application with that user goes past its "
        "sidecar: "
        "no mutual TLS, no policy, no metrics.",
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
      securityContext:
        runAsUser: 1337 # <<
      containers: [{name: pets, image: "pets:1.0"}]
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
      securityContext:
        runAsUser: 1000
      containers: [{name: pets, image: "pets:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
