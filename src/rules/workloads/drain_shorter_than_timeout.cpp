#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "dialect/names.hpp"
#include "manifest/duration.hpp"
#include "rules/rule.hpp"
#include "rules/sidecars.hpp"

namespace marty::rules::catalog {
namespace {

struct Longest {
  Duration timeout{};
  const Node* where = nullptr;
};

/// Of the routes that may take longer than so.
std::unordered_map<std::string, Longest> longest_by_host(const Estate& estate, Duration least) {
  std::unordered_map<std::string, Longest> out;
  each(estate.of("VirtualService"), "spec.http[]", [&](const Resource* resource, const Place& route) {
    const auto timeout = manifest::parse_duration(text(route.node, "timeout"));
    if (!timeout || *timeout <= least) return;
    each(route.node, "route[].destination.host", [&](const Place& host) {
      auto& longest = out[dialect::fqdn(host.node.text, *resource->ns)];
      if (*timeout > longest.timeout) longest = {*timeout, route.node.find("timeout")};
    });
  });
  return out;
}

/// How long a call under way goes on after its pod is told to stop, and what ends it then.
struct End {
  Duration after{};
  const Node* where = nullptr;
  std::string_view path;
  bool by_sidecar = false;
};

End end_of(const Estate& estate, const Pods& pods) {
  const auto grace = number(*pods.spec, "terminationGracePeriodSeconds").value_or(30);
  End end{std::chrono::seconds(std::clamp<std::int64_t>(grace, 0, 1'000'000)),
          pods.spec->find("terminationGracePeriodSeconds"),
          "spec.template.spec.terminationGracePeriodSeconds"};
  const auto proxy = injected_proxy(estate, pods);
  if (!proxy || proxy->native || proxy->mesh != mesh::MeshKind::kIstio ||
      proxy_setting(estate, pods, "proxyMetadata.EXIT_ON_ZERO_ACTIVE_CONNECTIONS"))
    return end;
  // A sidecar that is an ordinary container is told to stop together with the application.
  const auto said = proxy_setting(estate, pods, "terminationDrainDuration");
  const auto drain = said ? manifest::parse_duration(said->value) : std::optional<Duration>(5s);
  if (!drain || *drain >= end.after) return end;
  return {*drain, said ? said->where : nullptr, "annotations.proxy.istio.io/config", true};
}

void tell(const Pods& pods, const End& end, const Longest& longest, Report& report) {
  const auto message =
      fmt::format("{} {} after they are told to stop, but a call may take {}",
                  end.by_sidecar ? "the sidecar of these pods ends" : "pods are killed",
                  manifest::print_duration(end.after), manifest::print_duration(longest.timeout));
  auto& finding = end.where != nullptr ? report.at(*pods.owner, *end.where, std::string(end.path), message)
                                       : report.object(*pods.owner, message);
  finding.notes = {see(*longest.where, "the timeout of its callers")};
  if (end.by_sidecar)
    finding.notes.push_back({{},
                             "lengthen terminationDrainDuration (5s unless said) in proxy.istio.io/config; a "
                             "native sidecar waits for the application"});
}

void check(const Estate& estate, Report& report) {
  auto least = Duration::max();
  for (const auto& pods : estate.pods()) least = std::min(least, end_of(estate, pods).after);
  const auto longest = longest_by_host(estate, least);
  if (longest.empty()) return;
  std::unordered_map<const Pods*, Longest> of_pods;  // by any of their Services
  for (const auto* service : estate.of("Service")) {
    const auto known = longest.find(dialect::fqdn(*service->name, *service->ns));
    if (known == longest.end()) continue;
    for (const auto* pods : estate.pods_of(*service)) {
      auto& most = of_pods[pods];
      if (known->second.timeout > most.timeout) most = known->second;
    }
  }
  for (const auto& pods : estate.pods()) {
    const auto known = of_pods.find(&pods);
    if (known == of_pods.end()) continue;
    if (const auto end = end_of(estate, pods); end.after < known->second.timeout)
      tell(pods, end, known->second, report);
  }
}

}  // namespace

extern const Rule drain_shorter_than_timeout{
    .id = "drain-shorter-than-timeout",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "pods are killed before their longest call can end",
    .why =
        "When a pod stops, its sidecar drains for as long as terminationGracePeriodSeconds allows (30 s "
        "unless said). A route that lets calls take longer loses those under way with each rollout. A "
        "sidecar of Istio's that is no native one is told to stop together with the application, and ends "
        "after its terminationDrainDuration: 5 s, unless the ProxyConfig says more.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - timeout: 60s
    route: [{destination: {host: pets}}]
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
    spec:
      terminationGracePeriodSeconds: 20 # <<
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pets-old # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets, version: old}}
  template:
    metadata:
      labels: {app: pets, version: old, sidecar.istio.io/inject: "true"}
      annotations: {sidecar.istio.io/nativeSidecar: "false"}
    spec:
      terminationGracePeriodSeconds: 75
      containers: [{name: pets, image: "pets:0.9", ports: [{containerPort: 80}]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - timeout: 60s
    route: [{destination: {host: pets}}]
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
    spec:
      terminationGracePeriodSeconds: 75
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets-old, namespace: shop}
spec:
  selector: {matchLabels: {app: pets, version: old}}
  template:
    metadata:
      labels: {app: pets, version: old, sidecar.istio.io/inject: "true"}
      annotations:
        sidecar.istio.io/nativeSidecar: "false"
        proxy.istio.io/config: "terminationDrainDuration: 60s"
    spec:
      terminationGracePeriodSeconds: 75
      containers: [{name: pets, image: "pets:0.9", ports: [{containerPort: 80}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
