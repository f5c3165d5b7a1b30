#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/label_selector.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// How a server chooses objects of a kind: by their labels and by those of their namespaces.
struct Choice {
  std::string_view kind, selector, namespaces;
};
constexpr std::array<Choice, 5> kChoices{
    {{"ServiceMonitor", "spec.serviceMonitorSelector", "spec.serviceMonitorNamespaceSelector"},
     {"PodMonitor", "spec.podMonitorSelector", "spec.podMonitorNamespaceSelector"},
     {"Probe", "spec.probeSelector", "spec.probeNamespaceSelector"},
     {"ScrapeConfig", "spec.scrapeConfigSelector", "spec.scrapeConfigNamespaceSelector"},
     {"PrometheusRule", "spec.ruleSelector", "spec.ruleNamespaceSelector"}}};

/// With no selector for anything to scrape the operator leaves the server's configuration to others.
bool configured_by_hand(const Resource& server) {
  for (const auto& choice : kChoices)
    if (choice.kind != "PrometheusRule" && get(server.root, choice.selector) != nullptr) return false;
  return *server.kind != "ThanosRuler";
}

/// Why a server leaves an object out.
struct Left {
  const Node* by = nullptr;  ///< nullptr: by having no selector
  std::string_view what;
};

/// Nothing when it takes it, or may: labels of namespaces that are not in the files are taken to fit.
std::optional<Left> left_out(const Estate& estate, const Resource& server, const Choice& choice,
                             const Resource& object) {
  const Node* selector = get(server.root, choice.selector);
  if (selector == nullptr) return Left{nullptr, "with these labels"};
  if (!selector_at(*selector).matches(labels_at(get(object.root, "metadata.labels"))))
    return Left{selector, "with these labels"};
  const Node* namespaces = get(server.root, choice.namespaces);
  if (namespaces == nullptr) {
    if (*object.ns == *server.ns) return std::nullopt;
    return Left{get(server.root, "metadata.namespace"), "of this namespace"};
  }
  const auto labels = namespace_labels(estate, *object.ns);
  if (!labels || selector_at(*namespaces).matches(*labels)) return std::nullopt;
  return Left{namespaces, "of this namespace"};
}

void look(const Estate& estate, const Choice& choice, const Estate::List& servers, Report& report) {
  if (servers.empty()) return;
  for (const auto* object : estate.of(choice.kind)) {
    std::optional<Left> left;
    for (const auto* server : servers) {
      const auto here = left_out(estate, *server, choice, *object);
      if (!here) {
        left.reset();
        break;
      }
      if (!left || here->what == "of this namespace") left = here;
    }
    if (!left) continue;
    const bool by_namespace = left->what == "of this namespace";
    report.object(*object, fmt::format("no Prometheus here takes a {} {}", choice.kind, left->what)).notes = {
        left->by != nullptr ? see(*left->by, "what it takes")
                            : see(*servers.front(), "it has no selector for them"),
        {{},
         by_namespace ? fmt::format("without a {} it looks at its own namespace only; {{}} is all of them",
                                    choice.namespaces)
                      : std::string("give it the labels asked for")}};
  }
}

void check(const Estate& estate, Report& report) {
  Estate::List servers;
  for (const auto* kind : {"Prometheus", "PrometheusAgent", "ThanosRuler"})
    for (const auto* server : estate.of(kind)) servers.push_back(server);
  const bool by_hand = std::ranges::any_of(servers, [](auto* one) { return configured_by_hand(*one); });
  for (const auto& choice : kChoices) {
    const bool rules = choice.kind == "PrometheusRule";
    if (by_hand && !rules) continue;
    auto readers = servers;
    std::erase_if(readers,
                  [&](auto* one) { return *one->kind == (rules ? "PrometheusAgent" : "ThanosRuler"); });
    // A ThanosRuler alone: the Prometheus that reads the other rules is elsewhere.
    if (std::ranges::none_of(readers, [](auto* one) { return *one->kind != "ThanosRuler"; })) continue;
    look(estate, choice, readers, report);
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
        "label, often 'release', is accepted and used by nobody: no targets, no alerts, no message. It looks "
        "into its own namespace only, unless a selector for namespaces says otherwise: {} stands for all.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {matchLabels: {release: main}}
  serviceMonitorNamespaceSelector: {}
  podMonitorSelector: {}
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
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: sidecars # <<
  namespace: shop
spec:
  selector: {matchLabels: {app: pets}}
  podMetricsEndpoints: [{port: http-envoy-prom}]
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {matchLabels: {release: main}}
  serviceMonitorNamespaceSelector: {}
  podMonitorSelector: {}
  podMonitorNamespaceSelector: {}
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
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: sidecars, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  podMetricsEndpoints: [{port: http-envoy-prom}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
