#include <fmt/format.h>

#include <map>
#include <optional>

#include "rules/comparison.hpp"

namespace marty::rules::catalog {
namespace {

struct Said {
  const Side* side;
  const Node* node;
};

void compare(const Comparison& comparison, Report& report) {
  if (comparison.of != Comparison::Of::kClusters) return;
  std::optional<Said> mesh;
  std::map<std::string_view, Said> names;
  const auto note = [](const Said& first) {
    return see(*first.node, fmt::format("in {}", first.side->name));
  };
  for (const auto& side : comparison.sides)
    for (const auto* resource : side.estate.of("IstioOperator")) {
      const Node* id = get(resource->root, "spec.values.global.meshID");
      if (id != nullptr && !mesh) mesh = Said{&side, id};
      if (id != nullptr && id->text != mesh->node->text) {
        auto& finding = report.at(*resource, *id, "spec.values.global.meshID",
                                  fmt::format("{} is of the mesh '{}', and {} of '{}'", side.name, id->text,
                                              mesh->side->name, mesh->node->text));
        finding.severity = Severity::kInfo;  // requests get through all the same
        finding.notes = {note(*mesh), {{}, "clusters whose telemetry belongs together have one meshID"}};
      }
      const Node* name = get(resource->root, "spec.values.global.multiCluster.clusterName");
      if (name == nullptr) continue;
      const auto [first, fresh] = names.try_emplace(name->text, Said{&side, name});
      if (!fresh && first->second.side != &side)
        report
            .at(*resource, *name, "spec.values.global.multiCluster.clusterName",
                fmt::format("{} calls itself '{}', and so does {}", side.name, name->text,
                            first->second.side->name))
            .notes = {note(first->second),
                      {{}, "endpoints are kept by this name: give each cluster its own"}};
    }
}

}  // namespace

extern const Rule clusters_of_two_meshes{
    .id = "clusters-of-two-meshes",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "clusters that belong together have two meshIDs, or one clusterName",
    .why =
        "istiod keeps endpoints by the name of the cluster that they are in, and says it in telemetry and to "
        "locality rules: two clusters of one name are one to it. It shows when the remote secret of either "
        "is installed in the other. A meshID that differs is only worth knowing: telemetry then speaks of "
        "two meshes.",
    .bad = R"(
# === cluster east
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  values:
    global:
      meshID: shop
      multiCluster:
        clusterName: east
# === cluster west
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  values:
    global:
      meshID: shop
      multiCluster:
        clusterName: east # <<
)",
    .good = R"(
# === cluster east
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  values:
    global:
      meshID: shop
      multiCluster:
        clusterName: east
# === cluster west
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  values:
    global:
      meshID: shop
      multiCluster:
        clusterName: west
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
