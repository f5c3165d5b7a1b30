#include <fmt/format.h>

#include <algorithm>

#include "promql/syntax.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The shortest interval that monitors of these files scrape at; nothing when none says.
std::optional<double> scrape_interval(const Estate& estate) {
  std::optional<double> out;
  for (const auto* kind : {"PodMonitor", "ServiceMonitor"})
    each(estate.of(kind), {"spec.podMetricsEndpoints[].interval", "spec.endpoints[].interval"},
         [&](const Resource*, const Place& at) {
           const auto said = promql::parse(at.node.text);
           if (!said || !said.root.is(promql::Expr::Kind::kNumber)) return;
           out = std::min(out.value_or(said.root.number), said.root.number);
         });
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto interval = scrape_interval(estate);
  if (!interval) return;
  each(estate.of("PrometheusRule"), "spec.groups[].rules[].for",
       [&](const Resource* resource, const Place& at) {
         const auto wait = promql::parse(at.node.text);
         if (!wait || !wait.root.is(promql::Expr::Kind::kNumber)) return;
         const double seconds = wait.root.number;
         if (seconds > 0 && seconds < 2 * *interval)
           report.at(*resource, at,
                     fmt::format("for {}s < 2 scrapes x {}s = {}s: a single scrape decides", seconds,
                                 *interval, 2 * *interval));
       });
}

}  // namespace

extern const Rule alert_within_two_scrapes{
    .id = "alert-within-two-scrapes",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an alert that one scrape decides",
    .why =
        "Between two scrapes nothing is known. An alert whose `for` is shorter than two scrape intervals "
        "fires on the word of a single scrape, and one that is late or lost makes it flap. Wait for at least "
        "two.",
    .bad = R"(
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: sidecars, namespace: shop}
spec:
  selector: {}
  podMetricsEndpoints: [{port: http-envoy-prom, path: /stats/prometheus, interval: 30s}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: Busy
      expr: sum(rate(istio_requests_total{reporter="source"}[5m])) > 100
      for: 30s # <<
)",
    .good = R"(
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: sidecars, namespace: shop}
spec:
  selector: {}
  podMetricsEndpoints: [{port: http-envoy-prom, path: /stats/prometheus, interval: 30s}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: Busy
      expr: sum(rate(istio_requests_total{reporter="source"}[5m])) > 100
      for: 2m
)",
    .check = check,
};

}  // namespace marty::rules::catalog
