#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Probes per second of the kubelet at a port, and one of them to show; Kubernetes asks every 10s by default.
struct Asked {
  double per_second = 0;
  const Node* probe = nullptr;
};

bool at_port(const Node& container, std::string_view probed, std::string_view served) {
  bool same = probed == served;
  each(container, "ports[]", [&](const Place& one) {
    const auto name = text(one.node, "name"), value = text(one.node, "containerPort");
    same = same || ((name == probed || value == probed) && (name == served || value == served));
  });
  return same;
}

Asked asked_at(const Pods& pods, std::string_view port) {
  Asked asked;
  each(*pods.spec, "containers[]", [&](const Place& container) {
    for (const auto* kind : {"readinessProbe", "livenessProbe"}) {
      const Node* probe = container.node.find(kind);
      if (probe == nullptr || probe->find("httpGet") == nullptr ||
          !at_port(container.node, text(*probe, "httpGet.port"), port))
        continue;
      asked.per_second +=
          1.0 / static_cast<double>(std::max<std::int64_t>(1, number(*probe, "periodSeconds").value_or(10)));
      asked.probe = probe;
    }
  });
  return asked;
}

void check(const Estate& estate, Report& report) {
  for (const auto* limit : estate.of("HTTPLocalRateLimitPolicy")) {
    const Node* total = get(limit->root, "spec.total.requestsPerSecond");
    const auto* server = estate.find("Server", *limit->ns, text(limit->root, "spec.targetRef.name"));
    const auto allowed = total == nullptr ? std::nullopt : number(*total, "");
    if (!allowed || *allowed <= 0 || server == nullptr) continue;
    const auto labels = labels_at(get(server->root, "spec.podSelector.matchLabels"));
    for (const auto* pods : estate.selected(*limit->ns, labels)) {
      const auto asked = asked_at(*pods, text(server->root, "spec.port"));
      const double share = asked.per_second / static_cast<double>(*allowed);
      if (share < 0.1) continue;
      report
          .at(*limit, *total, "spec.total.requestsPerSecond",
              fmt::format(
                  "the kubelet's probes are {:.2g} of the {} requests a second ({:.0f} %), and are refused "
                  "like others when it is used up",
                  asked.per_second, *allowed, share * 100))
          .notes = {see(*asked.probe, "a probe"),
                    {{}, "limit 'identity' instead: probes have none to share"}};
      break;
    }
  }
}

}  // namespace

extern const Rule probes_spend_the_limit{
    .id = "probes-spend-the-limit",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a rate limit of which the kubelet's probes take a good part",
    .why =
        "Linkerd counts every request to the Server against 'total', the kubelet's probes among them, and "
        "refuses them with 429 when it is used up. A busy pod then fails its probes and is restarted: the "
        "limit that was to protect it takes it down.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}, annotations: {linkerd.io/inject: enabled}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {periodSeconds: 1, httpGet: {path: /ready, port: http}}
        livenessProbe: {periodSeconds: 1, httpGet: {path: /alive, port: http}}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 8080, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  total: {requestsPerSecond: 5} # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}, annotations: {linkerd.io/inject: enabled}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: http}}
        livenessProbe: {httpGet: {path: /alive, port: http}}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 8080, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  total: {requestsPerSecond: 50}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
