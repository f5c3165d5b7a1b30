#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Directories from which one can read other pods' keys, or become another pod.
constexpr std::array<std::string_view, 9> kSensitive{
    "/", "/etc", "/proc", "/sys", "/var/lib/kubelet", "/var/run", "/run", "/root", "/var/lib/containerd"};
constexpr std::array<std::string_view, 3> kSockets{"docker.sock", "containerd.sock", "crio.sock"};

bool is_sensitive(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::ranges::find(kSensitive, path) != kSensitive.end() ||
         std::ranges::any_of(kSockets, [&](auto socket) { return path.ends_with(socket); });
}

void check_pods(const Pods& pods, Report& report) {
  for (const auto field : {"hostPID", "hostIPC"}) {
    const Node* shared = pods.spec->find(field);
    if (is_true(shared))
      report.at(*pods.owner, *shared, fmt::format("spec.template.spec.{}", field),
                "from here the memory of other pods' proxies, and so their keys, can be read");
  }
  each(*pods.spec, "volumes[].hostPath.path", [&](const Place& path) {
    if (is_sensitive(path.node.text))
      report.at(*pods.owner, path.node, "spec.template.spec." + path.path,
                fmt::format("'{}' of the node holds what other pods are known by", path.node.text));
  });
}

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods())
    if (estate.istio_injected(pods.ns(), &pods) || estate.linkerd_injected(pods.ns(), &pods))
      check_pods(pods, report);
}

}  // namespace

extern const Rule reaches_the_host{
    .id = "reaches-the-host",
    .severity = Severity::kInfo,
    .peers = "host-pid host-ipc sensitive-host-mounts docker-sock",
    .title = "pods of the mesh that can reach into their node",
    .why =
        "A mesh knows workloads by keys that their proxies keep. Whoever shares the node's processes, or "
        "mounts "
        "its directories, can read those of every pod on it and then is, for every policy, whomever they "
        "like. "
        "Agents of monitoring may need it; keep them in a namespace of their own, outside of the mesh.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
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
      hostPID: true # <<
      containers: [{name: pets, image: "pets:1"}]
      volumes:
      - name: node
        hostPath: {path: /var/lib/kubelet} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
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
      containers: [{name: pets, image: "pets:1"}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
