#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "manifest/duration.hpp"
#include "rules/rule.hpp"
#include "rules/sidecars.hpp"

namespace marty::rules::catalog {
namespace {

using std::chrono::seconds;

/// As long as anybody would wait; more could not be counted with.
seconds bounded(std::int64_t count) { return seconds(std::clamp<std::int64_t>(count, 0, 1'000'000)); }

/// How long the `sleep`s in a command take together: "sh -c 'sleep 20; nginx -s quit'".
seconds slept(std::string_view command) {
  constexpr std::string_view kBetween = " \t\n;&|";
  seconds sum{0};
  bool sleeps = false;
  while (!command.empty()) {
    const auto end = std::min(command.find_first_of(kBetween), command.size());
    const auto word = command.substr(0, end);
    std::int64_t count = 0;
    if (sleeps && std::from_chars(word.data(), word.data() + word.size(), count).ec == std::errc())
      sum += bounded(count) * (word.ends_with('m') ? 60 : 1);
    if (!word.empty()) sleeps = word == "sleep" || word.ends_with("/sleep");
    command.remove_prefix(std::min(end + 1, command.size()));
  }
  return sum;
}

/// Something that takes its time after a pod is told to stop.
struct Wait {
  seconds time{0};
  std::string what;
  const Node* where = nullptr;
  std::string path;
};

std::vector<Wait> waits_of(const Estate& estate, const Pods& pods) {
  std::vector<Wait> out;
  each(*pods.spec, "containers[].lifecycle.preStop.sleep.seconds", [&](const Place& at) {
    out.push_back({bounded(number(at.node, "").value_or(0)), "the preStop hook sleeps", &at.node, at.path});
  });
  each(*pods.spec, "containers[].lifecycle.preStop.exec.command", [&](const Place& at) {
    std::string command;
    for (const auto& word : at.node.children) command += word.text + " ";
    out.push_back({slept(command), "the preStop hook sleeps", &at.node, at.path});
  });
  const auto proxy = injected_proxy(estate, pods);
  if (!proxy) return out;
  const Node* annotations = pods.metadata == nullptr ? nullptr : pods.metadata->find("annotations");
  constexpr auto kLinkerds = "config.alpha.linkerd.io/proxy-wait-before-exit-seconds";
  if (proxy->mesh == mesh::MeshKind::kIstio) {
    const auto drain = proxy_setting(estate, pods, "terminationDrainDuration");
    const auto time = drain ? manifest::parse_duration(drain->value) : std::nullopt;
    if (time && drain->where != nullptr)
      out.push_back({std::chrono::duration_cast<seconds>(*time), "terminationDrainDuration is", drain->where,
                     "annotations.proxy.istio.io/config"});
  } else if (const Node* wait = annotations == nullptr ? nullptr : annotations->find(kLinkerds);
             wait != nullptr && !proxy->native) {
    out.push_back({bounded(number(*wait, "").value_or(0)), "the proxy is to wait", wait,
                   std::string("annotations.") + kLinkerds});
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  const bool hooks = any(estate.pods(), {"containers[].lifecycle.preStop"});
  for (const auto& pods : estate.pods()) {
    if (!hooks && !pods.in_istio && !pods.in_linkerd) continue;
    const auto waits = waits_of(estate, pods);
    const Node* written = pods.spec->find("terminationGracePeriodSeconds");
    const auto grace = bounded(number(*pods.spec, "terminationGracePeriodSeconds").value_or(30));
    for (const auto& wait : waits) {
      if (wait.time < grace) continue;
      auto& finding =
          report.at(*pods.owner, *wait.where, wait.path,
                    fmt::format("{} {}, but {} after it is told to stop the pod is killed", wait.what,
                                manifest::print_duration(wait.time), manifest::print_duration(grace)));
      finding.notes.push_back(written != nullptr
                                  ? see(*written, "its grace period")
                                  : Note{{}, "30s unless terminationGracePeriodSeconds says more"});
      finding.notes.push_back(
          {{},
           fmt::format("the grace period counts from the first moment, hooks included: {} leaves 10s to end",
                       (wait.time + seconds(10)).count())});
    }
  }
}

}  // namespace

extern const Rule killed_while_stopping{
    .id = "killed-while-stopping",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a pod is killed while its hooks or its proxy still wait",
    .why =
        "terminationGracePeriodSeconds counts from the moment a pod is told to stop: preStop hooks, the "
        "application's own end and the drain of the sidecar all have to fit in. When a sleep alone takes "
        "that long, the application is never asked to end, it is killed, and calls under way die with it. "
        "Give the pod more time than all of its waits together.",
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
      containers:
      - name: pets
        image: pets:1
        lifecycle:
          preStop:
            exec:
              command: [sh, -c, sleep 45] # <<
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: toys, namespace: shop}
spec:
  selector: {matchLabels: {app: toys}}
  template:
    metadata:
      labels: {app: toys}
      annotations:
        proxy.istio.io/config: "terminationDrainDuration: 60s" # <<
    spec:
      terminationGracePeriodSeconds: 40
      serviceAccountName: toys
      containers: [{name: toys, image: toys:1}]
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
      terminationGracePeriodSeconds: 60
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        lifecycle:
          preStop:
            exec:
              command: [sh, -c, sleep 45]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: toys, namespace: shop}
spec:
  selector: {matchLabels: {app: toys}}
  template:
    metadata:
      labels: {app: toys}
      annotations: {proxy.istio.io/config: "terminationDrainDuration: 60s"}
    spec:
      terminationGracePeriodSeconds: 75
      serviceAccountName: toys
      containers: [{name: toys, image: toys:1}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
