#include <fmt/format.h>

#include <map>

#include "rules/apart.hpp"
#include "rules/comparison.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether the mesh's configuration keeps a host inside of each cluster.
bool is_cluster_local(const Side& side, const std::string& host) {
  bool local = false;
  for (const auto& config : side.estate.settings().mesh_configs)
    each(config, "serviceSettings[]", [&](const Place& settings) {
      each(settings.node, "hosts[]", [&](const Place& pattern) {
        const std::string_view name = pattern.node.text;
        const bool meant = name.starts_with('*') ? host.ends_with(name.substr(1)) : host == name;
        if (meant) local = is_true(get(settings.node, "settings.clusterLocal"));
      });
    });
  return local;
}

/// Whether a Service of that name elsewhere is the same service: Istio's always, but for what it keeps inside
/// of each cluster unasked; Linkerd's when it is federated, as mirrors have names of their own.
bool is_shared(const Side& side, const Resource& service) {
  if (*service.ns == "kube-system" || (*service.ns == "default" && *service.name == "kubernetes"))
    return false;
  if (side.estate.model().mesh_kind != mesh::MeshKind::kLinkerd)
    return !is_cluster_local(side, fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns));
  const Node* labels = get(service.root, "metadata.labels");
  const Node* federated = is_mapping(labels) ? labels->find("mirror.linkerd.io/federated") : nullptr;
  return federated != nullptr && federated->text == "member";
}

void look(const Side& here, const Resource& service, const Side& there, const Resource& other,
          Report& report) {
  for (auto& found : apart(service, here.name, other, there.name)) {
    auto& finding = report.at(service, *found.here, found.path, std::move(found.text));
    if (found.own_affair) finding.severity = Severity::kInfo;
    if (found.there != nullptr) finding.notes.push_back(see(*found.there, fmt::format("in {}", there.name)));
  }
}

void compare(const Comparison& comparison, Report& report) {
  if (comparison.of != Comparison::Of::kClusters) return;
  struct First {
    const Side* side;
    const Resource* service;
  };
  std::map<std::pair<std::string_view, std::string_view>, First> known;
  for (const auto& side : comparison.sides)
    for (const auto* service : side.estate.of("Service")) {
      if (!is_shared(side, *service)) continue;
      const auto [first, fresh] = known.try_emplace({*service->ns, *service->name}, First{&side, service});
      if (!fresh && first->second.side != &side)
        look(side, *service, *first->second.side, *first->second.service, report);
    }
}

}  // namespace

extern const Rule clusters_differ_in_service{
    .id = "clusters-differ-in-service",
    .severity = Severity::kWarning,
    .peers = "IST0170",
    .title = "a Service is another one in another cluster of the mesh",
    .why =
        "In a mesh of several clusters Services of one name and namespace are one service: Istio merges "
        "them, Linkerd does when they are members of a federated service. A port that only one of them has, "
        "a protocol that differs (the port's name up to the '-', or appProtocol) or a headless one beside "
        "one with a cluster IP makes callers depend on which cluster's definition was read first, and a "
        "failover goes to a port that is not there. Another selector or targetPort is only worth knowing: "
        "which pods answer, and where, each cluster may decide for itself.",
    .bad = R"(
# === cluster east
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
  - {name: grpc, port: 9090}
# === cluster west
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: tcp, port: 80} # <<
  - {name: grpc, port: 9090}
)",
    .good = R"(
# === cluster east
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
  - {name: grpc, port: 9090}
# === cluster west
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
  - {name: grpc, port: 9090}
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
