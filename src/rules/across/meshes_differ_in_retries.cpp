#include <fmt/format.h>

#include <set>

#include "rules/answered_again.hpp"
#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

/// Every error that one of them tries again. Linkerd answers 502 for a connection that failed or broke: where
/// Istio has words for that, this status says nothing.
std::set<int> statuses(const AnsweredAgain& of, bool without_502) {
  std::set<int> out;
  for (const auto& range : of.statuses)
    for (int status = range.from; status <= range.to; ++status)
      if (status != 502 || !without_502) out.insert(status);
  return out;
}

/// A budget counts in another way than a number of retries does, and a ServiceProfile has no word for a
/// failed connection: then all that is compared is whether requests are sent again.
bool same(const AnsweredAgain& istio, const AnsweredAgain& linkerd, bool by_profile) {
  if (by_profile) return istio.never() == linkerd.never() || (istio.written && istio.connections);
  const auto first = statuses(istio, istio.connections), second = statuses(linkerd, istio.connections);
  if (first != second) return false;
  return first.empty() || (istio.retries == linkerd.retries && istio.per_try == linkerd.per_try);
}

void look(const TwinPort& port, Report& report) {
  std::set<std::pair<std::string, std::string>> said;
  each_question(port, [&](const Question& question, const engine::ProgramRoute& istio,
                          const engine::ProgramRoute& linkerd) {
    const auto first = answered_again(istio), second = answered_again(linkerd);
    if (same(first, second, linkerd.classes.has_value()) ||
        !said.insert({first.text(), second.text()}).second)
      return;
    report_between(report, port, first.origin, second.origin,
                   fmt::format("{} of {} is {} under Linkerd, and {} under Istio", question.text(), port.name,
                               second.text(), first.text()))
        .notes.push_back(
            {{}, "decide for each kind of request whether it may be sent twice, in both overlays"});
  });
}

void compare(const Comparison& comparison, Report& report) {
  each_port(comparison, [&](const TwinPort& port) { look(port, report); });
}

}  // namespace

extern const Rule meshes_differ_in_retries{
    .id = "meshes-differ-in-retries",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "requests are sent again under one mesh that are not under the other",
    .why =
        "How often a request is sent again, and after which answers, decides whether a write can happen "
        "twice and how much load an outage adds. Istio says it for each route of a VirtualService (and "
        "retries twice when a connection fails even if nothing is said, which is not compared here), Linkerd "
        "with `retry.linkerd.io/http` and `limit` on an HTTPRoute or Service, or with `isRetryable` in a "
        "ServiceProfile. Linkerd excepts no method: annotations on a Service repeat its POSTs as well, where "
        "an overlay for Istio has a route of their own with `attempts: 0`.",
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
  http:
  - match: [{method: {exact: GET}}]
    retries: {attempts: 3, retryOn: gateway-error}
    route: [{destination: {host: web}}]
  - retries: {attempts: 0}
    route: [{destination: {host: web}}]
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
    retry.linkerd.io/http: gateway-error
    retry.linkerd.io/limit: "3" # <<
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
  http:
  - match: [{method: {exact: GET}}]
    retries: {attempts: 3, retryOn: gateway-error}
    route: [{destination: {host: web}}]
  - retries: {attempts: 0}
    route: [{destination: {host: web}}]
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: reads
  namespace: shop
  annotations: {retry.linkerd.io/http: gateway-error, retry.linkerd.io/limit: "3"}
spec:
  parentRefs: [{group: "", kind: Service, name: web, port: 80}]
  rules: [{matches: [{method: GET}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: rest, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: web, port: 80}]
  rules: [{}]
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
