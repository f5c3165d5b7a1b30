#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "manifest/duration.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Longest {
  Duration timeout{};
  const Node* where = nullptr;
};

std::map<std::string, Longest> longest_by_host(const Estate& estate) {
  std::map<std::string, Longest> out;
  for (const auto* resource : estate.of("VirtualService")) {
    each(resource->root, "spec.http[]", [&](const Place& route) {
      const auto timeout = manifest::parse_duration(text(route.node, "timeout"));
      if (!timeout) return;
      each(route.node, "route[].destination.host", [&](const Place& host) {
        auto& longest = out[dialect::fqdn(host.node.text, *resource->ns)];
        if (*timeout > longest.timeout) longest = {*timeout, route.node.find("timeout")};
      });
    });
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto longest = longest_by_host(estate);
  for (const auto* service : estate.of("Service")) {
    const auto known = longest.find(dialect::fqdn(*service->name, *service->ns));
    if (known == longest.end()) continue;
    for (const auto* pods : estate.pods_of(*service)) {
      const Node* written = get(*pods->spec, "terminationGracePeriodSeconds");
      const auto grace =
          std::chrono::seconds(number(*pods->spec, "terminationGracePeriodSeconds").value_or(30));
      if (grace >= known->second.timeout) continue;
      const auto message =
          fmt::format("pods are killed {} after they are told to stop, but a call may take {}",
                      manifest::print_duration(grace), manifest::print_duration(known->second.timeout));
      auto& finding =
          written != nullptr
              ? report.at(*pods->owner, *written, "spec.template.spec.terminationGracePeriodSeconds", message)
              : report.object(*pods->owner, message);
      finding.notes = {see(*known->second.where, "the timeout of its callers")};
    }
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
        "unless "
        "said). A route that lets calls take longer loses those under way with each rollout.",
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
)",
    .check = check,
};

}  // namespace marty::rules::catalog
