#include <fmt/format.h>

#include "rules/rule.hpp"
#include "rules/subsets.hpp"

namespace marty::rules::catalog {
namespace {

void check_block(const Resource& rule, const Resource& service, const Place& block,
                 const std::vector<const Pods*>& pods, Report& report) {
  const Node* field = block.node.find("minHealthPercent");
  const auto wanted = number(block.node, "minHealthPercent").value_or(0);
  std::uint64_t hosts = 0;
  for (const auto* some : pods) hosts += some->replicas;
  if (hosts < 2 || wanted <= 0 || (hosts - 1) * 100 >= static_cast<std::uint64_t>(wanted) * hosts) return;
  report
      .at(rule, *field, block.path + ".minHealthPercent",
          fmt::format("with one of {} endpoints out, {} % are healthy, less than {} %: requests go to all of "
                      "them again, the bad one too",
                      hosts, (hosts - 1) * 100 / hosts, wanted))
      .notes = {see(service, "the Service"),
                {{}, fmt::format("{} lets one of them stay out", (hosts - 1) * 100 / hosts)}};
}

void check(const Estate& estate, Report& report) {
  const Subsets subsets(estate);
  for (const auto* rule : estate.of("DestinationRule")) {
    const auto* service = estate.service(text(rule->root, "spec.host"), *rule->ns);
    if (service == nullptr) continue;
    each(rule->root, "spec.trafficPolicy.outlierDetection", [&](const Place& block) {
      check_block(*rule, *service, block, subsets.pods(*service, ""), report);
    });
    each(rule->root, "spec.subsets[]", [&](const Place& subset) {
      each(subset.node, "trafficPolicy.outlierDetection", [&](const Place& block) {
        const auto path = subset.path + "." + block.path;
        check_block(*rule, *service, {block.node, path}, subsets.pods(*service, text(subset.node, "name")),
                    report);
      });
    });
  }
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
