#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Pods behind the host that carry these labels as well.
std::uint64_t endpoints(const Estate& estate, const Resource& service, const mesh::Labels& subset) {
  std::uint64_t sum = 0;
  for (const auto* pods : estate.pods_of(service))
    if (mesh::selects(subset, pods->labels)) sum += pods->replicas;
  return sum;
}

void check_block(const Resource& rule, const Place& block, std::uint64_t hosts, std::string_view of,
                 Report& report) {
  const Node* written = block.node.find("maxEjectionPercent");
  const auto percent = written == nullptr ? 10 : number(block.node, "maxEjectionPercent").value_or(10);
  if (hosts == 0 || percent <= 0) return;
  const Node& at = written == nullptr ? block.node : *written;
  const auto path = written == nullptr ? block.path.words() : block.path + ".maxEjectionPercent";
  if (hosts == 1)
    report
        .at(rule, at, path,
            fmt::format("{} has one endpoint: there is nobody to send its requests to instead", of))
        .notes = {{{}, "outlier detection needs at least two endpoints"}};
  else if (percent >= 100)
    report
        .at(rule, at, path,
            fmt::format("100 % of {} endpoints may be ejected at once; then every call gets 503 (UH)", hosts))
        .notes = {{{}, "50 keeps half of them whatever happens"}};
}

void check(const Estate& estate, Report& report) {
  for (const auto* rule : estate.of("DestinationRule")) {
    const auto* service = estate.service(text(rule->root, "spec.host"), *rule->ns);
    if (service == nullptr) continue;
    each(rule->root, "spec.trafficPolicy.outlierDetection", [&](const Place& block) {
      check_block(*rule, block, endpoints(estate, *service, {}), *service->name, report);
    });
    each(rule->root, "spec.subsets[]", [&](const Place& subset) {
      const auto hosts = endpoints(estate, *service, labels_at(subset.node.find("labels")));
      each(subset.node, "trafficPolicy.outlierDetection", [&](const Place& block) {
        const auto path = subset.path + "." + block.path;
        check_block(*rule, {block.node, path}, hosts, fmt::format("subset '{}'", text(subset.node, "name")),
                    report);
      });
    });
  }
}

}  // namespace

extern const Rule ejects_nobody{
    .id = "ejects-nobody",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "outlier detection that can take out nobody, or everybody",
    .why =
        "Ejection moves requests to other endpoints. With a single endpoint there are none, and with 100 % "
        "allowed "
        "an outage that hits all of them ends with an empty pool and 503 for every call. The percentage is "
        "of the "
        "endpoints of the host or subset, counted by each calling proxy.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      maxEjectionPercent: 100 # <<
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0", ports: [{containerPort: 80}]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      maxEjectionPercent: 50
)",
    .check = check,
};

}  // namespace marty::rules::catalog
