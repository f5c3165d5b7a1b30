#include <fmt/format.h>

#include "rules/calls.hpp"
#include "rules/doors.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  const Doors doors(estate);
  each_call(estate, [&](const Call& call) {
    const auto& pods = call.from;
    if (estate.istio_injected(pods.ns(), &pods) || estate.linkerd_injected(pods.ns(), &pods) ||
        estate.find("Namespace", "", pods.ns()) == nullptr)
      return;
    const auto closed = doors.to_strangers(call.service, call.port);
    if (!closed) return;
    report
        .at(*pods.owner, call.place,
            fmt::format("these pods have no sidecar, and '{}' {}: their calls are refused",
                        *call.service.name, closed->how))
        .notes = {{closed->where, std::string(closed->what)},
                  {{}, "inject the caller, or let everybody in until it is in the mesh"}};
  });
}

}  // namespace

extern const Rule plaintext_caller_under_strict{
    .id = "plaintext-caller-under-strict",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a caller without a sidecar of a Service that requires mutual TLS",
    .why =
        "Under STRICT only peers with a certificate of the mesh are let in, and behind a Server of Linkerd's "
        "only who its authorizations name. A CronJob, webhook or Deployment that is not injected has no "
        "identity: under Istio its connections are closed without an HTTP answer, Linkerd answers 403.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: jobs}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: jobs}
spec:
  schedule: "0 5 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: report
            image: report:1.0
            env: [{name: PETS, value: "http://pets.shop:80/api"}] # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: jobs, labels: {istio-injection: enabled}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: jobs}
spec:
  schedule: "0 5 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - name: report
            image: report:1.0
            env: [{name: PETS, value: "http://pets.shop:80/api"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
