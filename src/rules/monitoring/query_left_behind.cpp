#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "rules/queries.hpp"

namespace marty::rules::catalog {
namespace {

/// Labels that together name one object: its kind, its name, its namespace.
struct Pair {
  std::string_view kind, name, ns;
};
constexpr std::array<Pair, 6> kPairs{
    {{"Service", "destination_service_name", "destination_service_namespace"},
     {"Deployment", "destination_workload", "destination_workload_namespace"},
     {"Deployment", "source_workload", "source_workload_namespace"},
     {"Service", "dst_service", "dst_namespace"},
     {"Deployment", "dst_deployment", "dst_namespace"},
     {"Deployment", "deployment", "namespace"}}};

const promql::Matcher* equals(const promql::Expr& selector, std::string_view label) {
  const auto found =
      std::ranges::find_if(selector.matchers, [&](const auto& m) { return m.label == label && m.op == "="; });
  return found == selector.matchers.end() ? nullptr : &*found;
}

void check(const Estate& estate, Report& report) {
  const auto& queries = estate.queries();
  if (queries.all().empty()) return;
  std::set<std::string_view> here;
  for (const auto& resource : estate.all()) {
    here.insert(*resource.ns);
    if (*resource.kind == "Namespace") here.insert(*resource.name);
  }
  for (const auto& query : queries.all())
    for (const auto& use : metric_uses(query.parsed.root))
      for (const auto& pair : kPairs) {
        const auto* name = equals(*use.selector, pair.name);
        const auto* ns = equals(*use.selector, pair.ns);
        if (name == nullptr || ns == nullptr || here.contains(ns->value)) continue;
        const auto* meant = estate.find(pair.kind, *query.resource->ns, name->value);
        if (meant == nullptr) continue;
        auto& finding = queries.report(report, query, ns->at, ns->label.size(),
                                       fmt::format("'{}' is in namespace '{}', and this asks for '{}'",
                                                   name->value, *query.resource->ns, ns->value));
        finding.notes.push_back(see(*meant, "the one meant, it seems"));
        if (query.resource->ns.origin.file != query.resource->name.origin.file) {
          finding.severity = Severity::kWarning;
          finding.notes.push_back(
              {{query.resource->ns.origin, 0}, "kustomize moves objects here, not texts"});
        }
        finding.notes.push_back({{}, "write a replacement for the namespace in the kustomization"});
      }
}

}  // namespace

extern const Rule query_left_behind{
    .id = "query-left-behind",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a query still speaks of the namespace its objects were moved from",
    .why =
        "Kustomize's 'namespace' moves objects and leaves the texts in them alone, queries among them. The "
        "alerts of the overlay then watch the base's namespace: they are silent whatever happens here, or "
        "fire for another environment. It is a warning where a kustomization is seen to have moved the "
        "object.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop-test}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop-test}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsAreCalledTooOften
      for: 5m
      expr: |-
        sum(rate(istio_requests_total{
          reporter="destination",
          destination_service_name="pets",
          destination_service_namespace="shop" # <<
        }[5m])) > 100
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop-test}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: pets, namespace: shop-test}
spec:
  groups:
  - name: pets
    rules:
    - alert: PetsAreCalledTooOften
      for: 5m
      expr: |-
        sum(rate(istio_requests_total{
          reporter="destination",
          destination_service_name="pets",
          destination_service_namespace="shop-test"
        }[5m])) > 100
)",
    .check = check,
};

}  // namespace marty::rules::catalog
