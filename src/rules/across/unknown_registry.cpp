#include <fmt/format.h>

#include <set>

#include "rules/comparison.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kNetworks = "spec.values.global.meshNetworks";

void compare(const Comparison& comparison, Report& report) {
  if (comparison.of != Comparison::Of::kClusters) return;
  std::set<std::string_view> known{"Kubernetes", "External"};  // registries that every istiod has
  for (const auto& side : comparison.sides) {
    known.insert(side.name);
    for (const auto* resource : side.estate.of("IstioOperator"))
      known.insert(text(resource->root, "spec.values.global.multiCluster.clusterName"));
  }
  for (const auto& side : comparison.sides)
    for (const auto* resource : side.estate.of("IstioOperator"))
      each(resource->root, fmt::format("{}{{}}.endpoints[].fromRegistry", kNetworks),
           [&](const Place& place) {
             if (known.contains(place.node.text)) return;
             auto& finding = report.at(*resource, place,
                                       fmt::format("none of the clusters is called '{}'", place.node.text));
             finding.notes.push_back({{}, "its endpoints will be taken to be on this cluster's own network"});
             suggest(finding, place.node.text, {known.begin(), known.end()});
           });
}

}  // namespace

extern const Rule unknown_registry{
    .id = "unknown-registry",
    .severity = Severity::kWarning,
    .peers = "IST0126",
    .title = "meshNetworks names a cluster that is none of the mesh's",
    .why =
        "fromRegistry puts all endpoints of a cluster onto a network, by the clusterName that the cluster "
        "has in its remote secret. Under a name that nobody has there are no endpoints: those of the cluster "
        "that was meant are reached directly instead of through the network's gateway, and every call to "
        "them times out.",
    .bad = R"(
# === cluster east
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  values:
    global:
      multiCluster: {clusterName: east}
      meshNetworks:
        far:
          endpoints: [{fromRegistry: wets}] # <<
          gateways: [{address: 203.0.113.7, port: 15443}]
# === cluster west
apiVersion: v1
kind: Namespace
metadata: {name: shop}
)",
    .good = R"(
# === cluster east
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  values:
    global:
      multiCluster: {clusterName: east}
      meshNetworks:
        far:
          endpoints: [{fromRegistry: west}]
          gateways: [{address: 203.0.113.7, port: 15443}]
# === cluster west
apiVersion: v1
kind: Namespace
metadata: {name: shop}
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
