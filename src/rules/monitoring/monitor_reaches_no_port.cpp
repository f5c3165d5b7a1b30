#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/rule.hpp"
#include "rules/scrapes.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kSidecarPorts[] = {"http-envoy-prom", "linkerd-admin"};

bool is_sidecar_port(std::string_view name) { return std::ranges::count(kSidecarPorts, name) > 0; }

/// What it may scrape, and the names of the ports there.
struct Targets {
  std::size_t count = 0;
  std::set<std::string> ports;
};

Targets services(const Estate& estate, const std::string& ns, const mesh::Labels& wanted) {
  Targets out;
  for (const auto* service : estate.of("Service")) {
    if (*service->ns != ns || !mesh::selects(wanted, labels_at(get(service->root, "metadata.labels"))))
      continue;
    ++out.count;
    each(service->root, "spec.ports[].name", [&](const Place& at) { out.ports.insert(at.node.text); });
  }
  return out;
}

Targets pods(const Estate& estate, const std::string& ns, const mesh::Labels& wanted) {
  Targets out;
  for (const auto* found : estate.selected(ns, wanted)) {
    ++out.count;
    for (const Way& pattern : {Way("containers[].ports[].name"), Way("initContainers[].ports[].name")})
      each(*found->spec, pattern, [&](const Place& at) { out.ports.insert(at.node.text); });
  }
  return out;
}

void look(const Estate& estate, const Resource& monitor, bool of_services, Report& report) {
  const auto namespaces = watched_namespaces(monitor);
  const Node* selector = get(monitor.root, "spec.selector");
  const Node* labels = get(monitor.root, "spec.selector.matchLabels");
  if (!namespaces || selector == nullptr || selector->find("matchExpressions") != nullptr) return;
  Targets all;
  for (const auto& ns : *namespaces) {
    if (!(of_services ? estate.has_services(ns) : estate.has_pods(ns))) return;  // they may be in the cluster
    auto there = of_services ? services(estate, ns, labels_at(labels)) : pods(estate, ns, labels_at(labels));
    all.count += there.count;
    all.ports.merge(there.ports);
  }
  const std::string_view what = of_services ? "Service" : "pod";
  if (all.count == 0) {
    report.at(monitor, *selector, "spec.selector",
              fmt::format("no {} here has these labels: nothing is scraped", what));
    return;
  }
  each(monitor.root, of_services ? "spec.endpoints[].port" : "spec.podMetricsEndpoints[].port",
       [&](const Place& at) {
         if (all.ports.contains(at.node.text) || (!of_services && is_sidecar_port(at.node.text))) return;
         auto& finding = report.at(
             monitor, at, fmt::format("no {} selected here has a port named '{}'", what, at.node.text));
         if (is_sidecar_port(at.node.text)) {
           finding.notes.push_back({{}, "it is a port of the sidecar: use a PodMonitor"});
         } else if (const auto near = closest(at.node.text, {all.ports.begin(), all.ports.end()})) {
           finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
         }
       });
}

void check(const Estate& estate, Report& report) {
  for (const auto* monitor : estate.of("ServiceMonitor")) look(estate, *monitor, true, report);
  for (const auto* monitor : estate.of("PodMonitor")) look(estate, *monitor, false, report);
}

}  // namespace

extern const Rule monitor_reaches_no_port{
    .id = "monitor-reaches-no-port",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a monitor that finds nothing to scrape",
    .why =
        "A ServiceMonitor scrapes ports of Services by their name, a PodMonitor ports of containers. Where "
        "no Service has the labels, or none of them a port of that name, nothing is scraped and nobody says "
        "so; alerts over what is missing stay silent. The ports of sidecars, http-envoy-prom and "
        "linkerd-admin, are behind no Service: they need a PodMonitor.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints:
  - port: http-envoy-prom # <<
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pet, namespace: shop}
spec:
  selector: {matchLabels: {app: pet}} # <<
  endpoints:
  - port: http
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  podMetricsEndpoints:
  - port: http-envoy-prom
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints:
  - port: http
)",
    .check = check,
};

}  // namespace marty::rules::catalog
