#include <fmt/format.h>

#include <cmath>
#include <set>

#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

constexpr double kRounding = 0.5;  // percent: weights of two meshes need not have a common unit

using Shares = std::map<std::string, double>;

std::string described(const Shares& shares) {
  std::string out;
  for (const auto& [workloads, percent] : shares)
    out += fmt::format("{}{:.3g}% to {}", out.empty() ? "" : ", ", percent, workloads);
  return out;
}

bool same(const Shares& first, const Shares& second) {
  return std::equal(first.begin(), first.end(), second.begin(), second.end(),
                    [](const auto& a, const auto& b) {
                      return a.first == b.first && std::abs(a.second - b.second) < kRounding;
                    });
}

Origin written(const engine::ProgramRoute& route) {
  return route.cluster_origins.front().known() ? route.cluster_origins.front() : route.origin;
}

void look(const TwinPort& port, Report& report) {
  std::set<std::pair<Shares, Shares>> said;
  each_question(port, [&](const Question& question, const engine::ProgramRoute& istio,
                          const engine::ProgramRoute& linkerd) {
    const auto first = port.twins.under_istio.shares(port.istio, istio);
    const auto second = port.twins.under_linkerd.shares(port.linkerd, linkerd);
    if (first.empty() || second.empty() || same(first, second) || !said.insert({first, second}).second)
      return;
    report_between(report, port, written(istio), written(linkerd),
                   fmt::format("{} of {}: {} under Linkerd, {} under Istio", question.text(), port.name,
                               described(second), described(first)));
  });
}

void compare(const Comparison& comparison, Report& report) {
  each_port(comparison, [&](const TwinPort& port) { look(port, report); });
}

}  // namespace

extern const Rule meshes_differ_in_split{
    .id = "meshes-differ-in-split",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "versions get other shares of the requests under one mesh than under the other",
    .why =
        "A canary that gets a tenth of the requests under Istio should get a tenth under Linkerd. What "
        "counts here is not how it is written (Istio draws among subsets of one Service, Linkerd among "
        "Services) but which pods a request can reach, and with which share. A frequent cause: weights "
        "changed in one overlay only, or a route that one overlay has and the other lacks, so that all pods "
        "of the Service answer.",
    .bad = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v1}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v2, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v2}}
  template:
    metadata: {labels: {app: web, version: v2}}
    spec:
      containers: [{name: web, image: "web:2", ports: [{containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - route:
    - {destination: {host: web, subset: v1}, weight: 90}
    - {destination: {host: web, subset: v2}, weight: 10}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-v1, namespace: shop}
spec: {selector: {app: web, version: v1}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-v2, namespace: shop}
spec: {selector: {app: web, version: v2}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v1}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v2, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v2}}
  template:
    metadata: {labels: {app: web, version: v2}}
    spec:
      containers: [{name: web, image: "web:2", ports: [{containerPort: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: web, port: 80}]
  rules:
  - backendRefs:
    - {name: web-v1, port: 80, weight: 50} # <<
    - {name: web-v2, port: 80, weight: 50}
)",
    .good = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v1}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v2, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v2}}
  template:
    metadata: {labels: {app: web, version: v2}}
    spec:
      containers: [{name: web, image: "web:2", ports: [{containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - route:
    - {destination: {host: web, subset: v1}, weight: 90}
    - {destination: {host: web, subset: v2}, weight: 10}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-v1, namespace: shop}
spec: {selector: {app: web, version: v1}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-v2, namespace: shop}
spec: {selector: {app: web, version: v2}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v1, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v1}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-v2, namespace: shop}
spec:
  selector: {matchLabels: {app: web, version: v2}}
  template:
    metadata: {labels: {app: web, version: v2}}
    spec:
      containers: [{name: web, image: "web:2", ports: [{containerPort: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: web, port: 80}]
  rules:
  - backendRefs:
    - {name: web-v1, port: 80, weight: 9}
    - {name: web-v2, port: 80, weight: 1}
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
