#include <fmt/format.h>

#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Choice {
  std::string_view kind, selector;
};
constexpr std::array<Choice, 3> kChoices{{{"ServiceMonitor", "spec.serviceMonitorSelector"},
                                          {"PodMonitor", "spec.podMonitorSelector"},
                                          {"PrometheusRule", "spec.ruleSelector"}}};

/// Whether this Prometheus takes the object, as far as labels tell; expressions are taken to match.
bool takes(const Resource& prometheus, const Choice& choice, const Resource& object) {
  const Node* selector = get(prometheus.root, choice.selector);
  if (selector == nullptr) return false;
  return selector->find("matchExpressions") != nullptr ||
         mesh::selects(labels_at(selector->find("matchLabels")),
                       labels_at(get(object.root, "metadata.labels")));
}

void check(const Estate& estate, Report& report) {
  const auto& servers = estate.of("Prometheus");
  if (servers.empty()) return;
  for (const auto& choice : kChoices)
    for (const auto* object : estate.of(choice.kind)) {
      bool taken = false;
      for (const auto* server : servers) taken |= takes(*server, choice, *object);
      if (taken) continue;
      const Node* selector = get(servers.front()->root, choice.selector);
      report.object(*object, fmt::format("no Prometheus here takes a {} with these labels", choice.kind))
          .notes = {selector != nullptr ? see(*selector, "what it takes")
                                        : see(*servers.front(), "it has no selector for them"),
                    {{}, "give it the labels asked for"}};
    }
}

}  // namespace

extern const Rule monitor_nobody_reads{
    .id = "monitor-nobody-reads",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a monitor or rule whose labels no Prometheus looks for",
    .why =
        "The operator gives a Prometheus the monitors and rules that its selectors match. One without the "
        "label, often 'release', is accepted and used by nobody: no targets, no alerts, no message.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {matchLabels: {release: main}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: pets # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
  endpoints: [{port: http}]
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {matchLabels: {release: main}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop, labels: {release: main}}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints: [{port: http}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
