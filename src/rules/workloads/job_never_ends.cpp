#include <fmt/format.h>

#include "rules/rule.hpp"
#include "rules/sidecars.hpp"

namespace marty::rules::catalog {
namespace {

/// Ways to stop the proxy from within, by which a job that knows about its sidecar gives itself away.
constexpr std::string_view kStops[] = {"quitquitquit", "pilot-agent", "linkerd-await", "4191/shutdown",
                                       "scuttle"};

bool stops_its_proxy(const Pods& pods) {
  bool found = false;
  each_scalar(*pods.spec, [&](const Place& at) {
    for (const auto word : kStops) found |= at.node.text.find(word) != std::string::npos;
  });
  return found;
}

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    const std::string_view kind = *pods.owner->kind;
    if (kind != "Job" && kind != "CronJob") continue;
    const auto proxy = injected_proxy(estate, pods);
    if (!proxy || proxy->native || stops_its_proxy(pods)) continue;
    const bool istio = proxy->mesh == mesh::MeshKind::kIstio;
    const auto message = fmt::format("the {} in these pods runs on when the work is done: the {} never ends",
                                     istio ? "istio-proxy" : "linkerd-proxy", kind);
    auto& finding = report.object(*pods.owner, message);
    if (proxy->said != nullptr)
      finding.notes.push_back(see(*proxy->said, "no native sidecar, because of this"));
    else
      finding.notes.push_back(
          {{},
           fmt::format("{} {} makes it an ordinary container unless told otherwise",
                       istio ? "Istio" : "Linkerd",
                       istio ? estate.settings().istio_version : estate.settings().linkerd_version)});
    finding.notes.push_back(
        {{},
         fmt::format("annotate the pods {}: \"true\"", istio ? "sidecar.istio.io/nativeSidecar"
                                                             : "config.beta.linkerd.io/"
                                                               "proxy-enable-native-sidecar")});
  }
}

}  // namespace

extern const Rule job_never_ends{
    .id = "job-never-ends",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a Job that its own sidecar keeps from ending",
    .why =
        "A pod is done when all its containers have ended, and a proxy has no reason to end. The Job stays "
        "active, a CronJob that forbids concurrency never runs again, and a deployment that waits for a "
        "migration waits for good. As a native sidecar, an init container that is restarted, Kubernetes "
        "stops the proxy after the work. Istio does so by itself since 1.27, on nodes of Kubernetes 1.33, "
        "Linkerd since 2.20; before, annotate the pods, or let the work call the proxy's /quitquitquit "
        "(Istio) or /shutdown (Linkerd) at its end.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate # <<
  namespace: shop
spec:
  template:
    metadata:
      annotations: {sidecar.istio.io/nativeSidecar: "false"}
    spec:
      restartPolicy: Never
      serviceAccountName: migrate
      containers: [{name: migrate, image: "migrate:1.0"}]
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: report # <<
  namespace: books
spec:
  schedule: "0 5 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          serviceAccountName: report
          containers: [{name: report, image: "report:1.0"}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: shop}
spec:
  template:
    spec:
      restartPolicy: Never
      serviceAccountName: migrate
      containers: [{name: migrate, image: "migrate:1.0"}]
---
apiVersion: v1
kind: Namespace
metadata: {name: books, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: books}
spec:
  schedule: "0 5 * * *"
  jobTemplate:
    spec:
      template:
        metadata:
          annotations: {config.beta.linkerd.io/proxy-enable-native-sidecar: "true"}
        spec:
          restartPolicy: Never
          serviceAccountName: report
          containers: [{name: report, image: "report:1.0"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
