#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

using promql::Expr;

const Expr& bare(const Expr& expr) { return expr.is(Expr::Kind::kParens) ? bare(expr.children[0]) : expr; }

/// An alert on the share of failed requests.
struct Alert {
  const Query* query = nullptr;
  std::string_view name;
  double failed = 0;  ///< the share from which on it fires
};

bool says_outcome(std::string_view label) {
  return label == "response_code" || label == "status_code" || label == "http_status" ||
         label == "classification";
}

/// Whether an expression counts failed requests only, or else only those that are not.
bool counts(const Expr& expr, bool failed) {
  for (const auto& use : metric_uses(expr))
    for (const auto& matcher : use.selector->matchers) {
      if (!says_outcome(matcher.label)) continue;
      const bool names_failures = matcher.value.starts_with('5') || matcher.value == "failure";
      const bool negated = matcher.op.starts_with('!');
      return failed ? names_failures && !negated : names_failures == negated;
    }
  return false;
}

/// `errors / all > limit`, or `successes / all < limit`.
std::optional<double> failed_share(const Expr& whole) {
  const auto& compared = bare(whole);
  if (!compared.is(Expr::Kind::kBinary) || !bare(compared.children[1]).is(Expr::Kind::kNumber)) return {};
  const auto limit = bare(compared.children[1]).number;
  const auto& share = bare(compared.children[0]);
  if (!share.is(Expr::Kind::kBinary) || share.name != "/" || limit <= 0 || limit >= 1) return {};
  const bool above = compared.name.starts_with('>');
  if ((!above && !compared.name.starts_with('<')) || !counts(share.children[0], above)) return {};
  return above ? limit : 1 - limit;
}

bool names_workload(std::string_view label) {
  constexpr std::string_view kLabels[] = {"destination_workload", "destination_service_name",
                                          "destination_app",      "deployment",
                                          "dst_deployment",       "dst_service"};
  return std::ranges::count(kLabels, label) > 0;
}

bool names_namespace(std::string_view label) {
  constexpr std::string_view kLabels[] = {"destination_workload_namespace", "destination_service_namespace",
                                          "namespace", "dst_namespace"};
  return std::ranges::count(kLabels, label) > 0;
}

/// The workload an alert is about, as "namespace/name"; empty when its selectors do not say both.
std::string subject(const Expr& expr) {
  std::string name, ns;
  for (const auto& use : metric_uses(expr))
    for (const auto& matcher : use.selector->matchers) {
      if (matcher.op != "=") continue;
      if (names_workload(matcher.label)) name = matcher.value;
      if (names_namespace(matcher.label)) ns = matcher.value;
    }
  return name.empty() || ns.empty() ? std::string() : ns + "/" + name;
}

/// The strictest alert about each workload.
std::map<std::string, Alert> alerts(const Queries& queries) {
  std::map<std::string, Alert> out;
  for (const auto& query : queries.all()) {
    const auto name = query.rule == nullptr ? std::string_view() : text(*query.rule, "alert");
    if (name.empty() || !query.parsed) continue;
    const auto failed = failed_share(query.parsed.root);
    const auto about = subject(query.parsed.root);
    if (!failed || about.empty()) continue;
    auto& strictest = out[about];
    if (strictest.query == nullptr || *failed < strictest.failed) strictest = {&query, name, *failed};
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto& canaries = estate.of("Canary", "flagger.app");
  if (canaries.empty()) return;
  const auto known = alerts(estate.queries());
  for (const auto* canary : canaries) {
    const auto alert = known.find(*canary->ns + "/" + std::string(text(canary->root, "spec.targetRef.name")));
    if (alert == known.end()) continue;
    each(canary->root, "spec.analysis.metrics[]", [&](const Place& metric) {
      const auto least = number(metric.node, "thresholdRange.min");
      if (text(metric.node, "name") != "request-success-rate" || !least) return;
      const auto lets_fail = static_cast<double>(100 - *least) / 100;
      if (lets_fail <= alert->second.failed * 1.001) return;
      report
          .at(*canary, *get(metric.node, "thresholdRange.min"), metric.path + ".thresholdRange.min",
              fmt::format(
                  "this gate passes a version that fails {:g} % of its requests; alert '{}' fires at {:g} %",
                  100 * lets_fail, alert->second.name, 100 * alert->second.failed))
          .notes = {see(*alert->second.query->node, "the alert"),
                    {{}, fmt::format("{:g} or more agrees with it", 100 - 100 * alert->second.failed)}};
    });
  }
}

}  // namespace

extern const Rule gate_looser_than_alert{
    .id = "gate-looser-than-alert",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a canary's gate lets pass what an alert will complain about",
    .why =
        "Flagger promotes a version whose share of successful requests stays above the gate's minimum. When "
        "an alert about the same workload asks for more, a version can pass every step of its analysis, take "
        "all of the traffic, and then wake somebody up. The gate should be at least as strict as the alert.",
    .bad = R"(
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: pets}
  service: {port: 8080}
  analysis:
    interval: 1m
    threshold: 5
    metrics:
    - name: request-success-rate
      interval: 1m
      thresholdRange:
        min: 95 # <<
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsFail
      for: 5m
      expr: |-
        sum(rate(istio_requests_total{reporter="destination", destination_workload="pets",
            destination_workload_namespace="shop", response_code=~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="destination", destination_workload="pets",
            destination_workload_namespace="shop"}[5m])) > 0.01
)",
    .good = R"(
apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: pets}
  service: {port: 8080}
  analysis:
    interval: 1m
    threshold: 5
    metrics:
    - name: request-success-rate
      interval: 1m
      thresholdRange: {min: 99}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsFail
      for: 5m
      expr: |-
        sum(rate(istio_requests_total{reporter="destination", destination_workload="pets",
            destination_workload_namespace="shop", response_code=~"5.."}[5m]))
          / sum(rate(istio_requests_total{reporter="destination", destination_workload="pets",
            destination_workload_namespace="shop"}[5m])) > 0.01
)",
    .check = check,
};

}  // namespace marty::rules::catalog
