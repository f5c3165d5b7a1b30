#include <fmt/format.h>

#include "rules/rule.hpp"
#include "rules/subsets.hpp"

namespace marty::rules::catalog {
namespace {

void check_block(const Estate& estate, const Resource& rule, const Place& percent, std::string_view subset,
                 Report& report) {
  const auto* service = estate.service(text(rule.root, "spec.host"), *rule.ns);
  const auto wanted = number(percent.node, {}).value_or(0);
  if (service == nullptr || wanted <= 0) return;
  std::uint64_t hosts = 0;
  for (const auto* some : estate.subsets().pods(*service, subset)) hosts += some->replicas;
  if (hosts < 2 || (hosts - 1) * 100 >= static_cast<std::uint64_t>(wanted) * hosts) return;
  report
      .at(rule, percent,
          fmt::format("with one of {} endpoints out, {} % are healthy, less than {} %: requests go to all of "
                      "them again, the bad one too",
                      hosts, (hosts - 1) * 100 / hosts, wanted))
      .notes = {see(*service, "the Service"),
                {{}, fmt::format("{} lets one of them stay out", (hosts - 1) * 100 / hosts)}};
}

void check(const Estate& estate, Report& report) {
  static constexpr Way kWays[] = {"spec.trafficPolicy.outlierDetection.minHealthPercent", "spec.subsets[]"};
  const auto& rules = estate.of("DestinationRule");
  if (!any(rules, {kWays[0], "spec.subsets[].trafficPolicy.outlierDetection.minHealthPercent"})) return;
  each(rules.found(), kWays, [&](std::size_t rule, std::size_t way, const Place& at) {
    if (way == 0) return check_block(estate, *rules[rule], at, {}, report);
    each(at.node, "trafficPolicy.outlierDetection.minHealthPercent", [&](const Place& percent) {
      const auto path = at.path + "." + percent.path;
      check_block(estate, *rules[rule], {percent.node, path}, text(at.node, "name"), report);
    });
  });
}

}  // namespace

extern const Rule min_health_stops_ejection{
    .id = "min-health-stops-ejection",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "minHealthPercent so high that one bad endpoint switches ejection off",
    .why =
        "Below minHealthPercent of healthy endpoints Envoy panics: it ignores health and spreads requests "
        "over all of them. With few replicas one ejected endpoint is enough to get there, and so the one "
        "that fails gets its share again.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      maxEjectionPercent: 50
      minHealthPercent: 70 # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec: {containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      maxEjectionPercent: 50
      minHealthPercent: 30
)",
    .check = check,
};

}  // namespace marty::rules::catalog
