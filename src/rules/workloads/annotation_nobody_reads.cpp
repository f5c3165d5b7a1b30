#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/annotations.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 5> kPrefixes{"sidecar.istio.io/", "traffic.sidecar.istio.io/",
                                                    "readiness.status.sidecar.istio.io/", "proxy.istio.io/",
                                                    "inject.istio.io/"};

void check(const Estate& estate, Report& report) {
  std::vector<std::string_view> names;
  for (const auto& known : pod_annotations()) names.push_back(known.name);
  each_pod_annotation(estate, [&](const Pods& pods, const Node& key, const Node&) {
    const bool of_istio =
        std::ranges::any_of(kPrefixes, [&](auto prefix) { return key.text.starts_with(prefix); });
    if (!of_istio || is_for_pods(key.text)) return;
    suggest(report.at(*pods.owner, key, fmt::format("annotations.{}", key.text),
                      fmt::format("Istio knows no annotation '{}', and so ignores it", key.text)),
            key.text, names);
  });
}

}  // namespace

extern const Rule annotation_nobody_reads{
    .id = "annotation-nobody-reads",
    .severity = Severity::kWarning,
    .peers = "IST0108",
    .title = "an annotation that Istio does not know",
    .why =
        "Istio ignores annotations it does not know, even in its own name space, so a letter too much means "
        "that the sidecar keeps its default: ports meant to go past it go through it, and the reverse.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations:
        traffic.sidecar.istio.io/excludeOutboundPort: "3306" # <<
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: "3306"}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
