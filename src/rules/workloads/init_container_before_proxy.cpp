#include <fmt/format.h>

#include "rules/calls.hpp"
#include "rules/mtls.hpp"
#include "rules/rule.hpp"
#include "rules/sidecars.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each_call_at_start(estate, [&](const Call& call) {
    const auto proxy = injected_proxy(estate, call.from);
    if (!proxy || proxy->native || proxy->mesh != mesh::MeshKind::kIstio) return;
    const auto strict = strict_behind(estate, call.service, call.port);
    if (!strict) return;
    auto& finding = report.at(
        *call.from.owner, call.place,
        fmt::format("this init container calls '{}', which takes mutual TLS only, before there is a sidecar",
                    *call.service.name));
    finding.notes = {{{strict->origin, 6}, "STRICT is said here"}};
    if (proxy->said != nullptr)
      finding.notes.push_back(see(*proxy->said, "no native sidecar, because of this"));
    finding.notes.push_back({{}, "a native sidecar starts before the init containers"});
  });
}

}  // namespace

extern const Rule init_container_before_proxy{
    .id = "init-container-before-proxy",
    .severity = Severity::kError,
    .peers = "",
    .title = "an init container calls a Service that only lets sidecars in",
    .why =
        "A sidecar that is an ordinary container starts after all init containers. What they send until "
        "then goes out in plain text (or, where Istio's CNI plugin redirects it, nowhere), and a server "
        "under STRICT closes such connections: the pod never gets past its init container. A native "
        "sidecar, Istio's default since 1.27, starts first.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: http, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      serviceAccountName: store
      containers: [{name: store, image: store:1, ports: [{containerPort: 6000}]}]
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
      initContainers:
      - name: wait
        image: curl:8
        args:
        - http://store:6000/ready # <<
      containers: [{name: pets, image: pets:1}]
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
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: http, port: 6000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      serviceAccountName: store
      containers: [{name: store, image: store:1, ports: [{containerPort: 6000}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
    spec:
      serviceAccountName: pets
      initContainers:
      - name: wait
        image: curl:8
        args:
        - http://store:6000/ready
      containers: [{name: pets, image: pets:1}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
