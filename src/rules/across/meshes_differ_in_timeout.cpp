#include <fmt/format.h>

#include <set>

#include "manifest/duration.hpp"
#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

std::string wait(Duration timeout) {
  return timeout == Duration{} ? "without end" : manifest::print_duration(timeout);
}

void look(const TwinPort& port, Report& report) {
  std::set<std::pair<Duration, Duration>> said;
  each_question(port, [&](const Question& question, const engine::ProgramRoute& istio,
                          const engine::ProgramRoute& linkerd) {
    const auto &first = istio.timeout, &second = linkerd.timeout;
    if (*first == *second || !said.insert({*first, *second}).second) return;
    report_between(report, port, first.origin, second.origin,
                   fmt::format("callers of {} wait {} for {} under Linkerd, and {} under Istio", port.name,
                               wait(*second), question.text(), wait(*first)))
        .notes.push_back({{}, "both count all tries together, so the same time can be written in both"});
  });
}

void compare(const Comparison& comparison, Report& report) {
  each_port(comparison, [&](const TwinPort& port) { look(port, report); });
}

}  // namespace

extern const Rule meshes_differ_in_timeout{
    .id = "meshes-differ-in-timeout",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "callers wait longer under one mesh than under the other",
    .why =
        "A VirtualService's `timeout` and Linkerd's `timeout.linkerd.io/request` (or the `timeout` of a "
        "ServiceProfile's route) bound the same thing: the whole call with all its tries. When the two "
        "overlays of a service disagree, a service that moves from one mesh to the other keeps its callers "
        "waiting for another time, and whatever was tuned to it (their own timeouts, alerts on latency, "
        "drain times) is off. Write the same time in both, or make both from one policy file.",
    .bad = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http: [{timeout: 5s, route: [{destination: {host: web}}]}]
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations:
    timeout.linkerd.io/request: 30s # <<
spec:
  ports: [{name: http, port: 80}]
)",
    .good = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http: [{timeout: 5s, route: [{destination: {host: web}}]}]
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
  annotations:
    timeout.linkerd.io/request: 5s
spec:
  ports: [{name: http, port: 80}]
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
