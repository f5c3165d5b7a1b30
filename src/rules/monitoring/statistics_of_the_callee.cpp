#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "rules/annotations.hpp"
#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Parts of names by which one asks for what a caller's sidecar counts about those it calls.
constexpr std::string_view kOfCallers[] = {"outlier_detection", "circuit_breakers", "upstream_rq_retry",
                                           "upstream_rq_pending", "upstream_cx"};

std::string_view asked_for(std::string_view text) {
  for (const auto word : kOfCallers)
    if (text.find(word) != text.npos) return word;
  return {};
}

bool is_inclusion(std::string_view key) {
  return key == "proxy.istio.io/config" || key.starts_with("sidecar.istio.io/statsInclusion");
}

struct Asking {
  const Node* key = nullptr;
  std::string_view word;
};

/// The pods that ask for such statistics themselves.
std::map<const Pods*, Asking> asking_pods(const Estate& estate) {
  std::map<const Pods*, Asking> out;
  each_pod_annotation(estate, [&](const Pods& pods, const Node& key, const Node& value) {
    const auto word =
        value.is_scalar() && is_inclusion(key.text) ? asked_for(value.text) : std::string_view();
    if (!word.empty() && estate.istio_injected(pods.ns(), &pods)) out.emplace(&pods, Asking{&key, word});
  });
  return out;
}

/// Whether the mesh as a whole, or a namespace, asks for statistics: then no annotation is needed.
bool asked_by_all(const Estate& estate) {
  bool found = !estate.of("ProxyConfig").empty();
  for (const auto& config : estate.settings().mesh_configs)
    found = found || get(config, "defaultConfig.proxyStatsMatcher") != nullptr;
  return found;
}

void check(const Estate& estate, Report& report) {
  const auto asking = asking_pods(estate);
  if (asking.empty() || asked_by_all(estate)) return;
  std::multimap<const Pods*, const Resource*> behind;
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service))
      if (asking.contains(pods)) behind.emplace(pods, service);
  std::set<const Pods*> calling;
  std::map<const Resource*, const Node*> called_by;  // Services, by some caller that does not ask
  each_call(estate, [&](const Call& call) {
    calling.insert(&call.from);
    if (!asking.contains(&call.from) && estate.istio_injected(call.from.ns(), &call.from))
      called_by.emplace(&call.service, &call.place.node);
  });
  for (const auto& [pods, asked] : asking) {
    if (calling.contains(pods)) continue;
    const auto [first, last] = behind.equal_range(pods);
    const auto caller =
        std::find_if(first, last, [&](const auto& one) { return called_by.contains(one.second); });
    if (caller == last) continue;
    report
        .at(*pods->owner, *asked.key, fmt::format("annotations.{}", asked.key->text),
            fmt::format(
                "'{}' is counted by callers, and these pods call nobody: ask the callers of '{}' for it",
                asked.word, *caller->second->name))
        .notes = {see(*called_by.at(caller->second), "a caller without the annotation")};
  }
}

}  // namespace

extern const Rule statistics_of_the_callee{
    .id = "statistics-of-the-callee",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "statistics about calls are asked of the pods that are called",
    .why =
        "Ejections, open circuits and retries happen in the sidecar that makes the call, and so do their "
        "counters. An annotation that includes them belongs on the callers' pods; on the server's it makes "
        "statistics about the calls that the server makes itself. Reported where the annotated pods make no "
        "calls that the files know of, and callers of theirs lack the annotation.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
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
        sidecar.istio.io/statsInclusionRegexps: ".*outlier_detection.*" # <<
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: web:1, env: [{name: PETS, value: "http://pets:8080"}]}
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 8080}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {sidecar.istio.io/statsInclusionRegexps: ".*outlier_detection.*"}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: web:1, env: [{name: PETS, value: "http://pets:8080"}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
