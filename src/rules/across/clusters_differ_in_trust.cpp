#include <fmt/format.h>

#include <optional>

#include "rules/comparison.hpp"

namespace marty::rules::catalog {
namespace {

/// What a cluster's files say about whom it believes.
struct Said {
  const Side* side;
  const Resource* resource;
  const Node* node;  ///< never nullptr
  std::string path;
  std::string value;
};

std::optional<Said> at(const Side& side, const Resource& resource,
                       std::initializer_list<std::string_view> keys, std::string path) {
  const Node* node = resource.root.at(keys);
  if (node == nullptr || !node->is_scalar() || node->text.empty()) return std::nullopt;
  return Said{&side, &resource, node, std::move(path), node->text};
}

/// The installation of Istio that is written down here; a field that it leaves out has its default.
std::optional<Said> trust_domain(const Side& side) {
  for (const auto* kind : {"IstioOperator", "Istio"})
    for (const auto* resource : side.estate.of(kind)) {
      if (auto said =
              at(side, *resource, {"spec", "meshConfig", "trustDomain"}, "spec.meshConfig.trustDomain"))
        return said;
      if (auto said = at(side, *resource, {"spec", "values", "meshConfig", "trustDomain"},
                         "spec.values.meshConfig.trustDomain"))
        return said;
      const Node* name = get(resource->root, "metadata.name");
      return Said{&side, resource, name != nullptr ? name : &resource->root, "metadata.name",
                  "cluster.local"};
    }
  for (const auto* resource : side.estate.of("ConfigMap"))
    if (*resource->name == "istio")
      if (auto said = at(side, *resource, {"data", "mesh"}, "data.mesh")) {
        said->value = side.estate.settings().trust_domain;  // of the text, which has no places of its own
        return said;
      }
  return std::nullopt;
}

bool is_alias(const Said& said, const std::string& of) {
  bool found = false;
  for (const auto& config : said.side->estate.settings().mesh_configs)
    each(config, "trustDomainAliases[]", [&](const Place& alias) { found = found || alias.node.text == of; });
  return found;
}

/// Certificates that identities are checked against, where they are kept as text.
std::optional<Said> roots(const Side& side) {
  for (const auto* resource : side.estate.of("ConfigMap")) {
    if (*resource->name == "istio-ca-root-cert")
      if (auto said = at(side, *resource, {"data", "root-cert.pem"}, "data.root-cert.pem")) return said;
    if (*resource->name == "linkerd-identity-trust-roots")
      if (auto said = at(side, *resource, {"data", "ca-bundle.crt"}, "data.ca-bundle.crt")) return said;
  }
  for (const auto* secret : side.estate.of("Secret"))
    if (*secret->name == "cacerts" && *secret->ns == side.estate.settings().root_namespace)
      for (const auto* map : {"stringData", "data"})
        if (auto said = at(side, *secret, {map, "root-cert.pem"}, fmt::format("{}.root-cert.pem", map)))
          return said;
  return std::nullopt;
}

/// Whether one bundle holds the other: a second root may be on its way in or out.
bool share_a_root(const std::string& first, const std::string& second) {
  return first.find(second) != first.npos || second.find(first) != second.npos;
}

void compare(const Comparison& comparison, Report& report) {
  if (comparison.of != Comparison::Of::kClusters) return;
  std::optional<Said> domain, root;  // of the first that says it
  const auto note = [](const Said& first) {
    return see(*first.node, fmt::format("in {}", first.side->name));
  };
  for (const auto& side : comparison.sides) {
    if (auto said = trust_domain(side)) {
      if (!domain) {
        domain = std::move(said);
      } else if (said->value != domain->value &&
                 !(is_alias(*said, domain->value) && is_alias(*domain, said->value))) {
        report
            .at(*said->resource, *said->node, said->path,
                fmt::format("identities of {} begin with spiffe://{}/, those of {} with spiffe://{}/",
                            side.name, said->value, domain->side->name, domain->value))
            .notes = {
            note(*domain),
            {{}, "one trustDomain for all clusters, or the other's among trustDomainAliases in both"}};
      }
    }
    if (auto said = roots(side)) {
      if (!root) {
        root = std::move(said);
      } else if (said->path == root->path && !share_a_root(said->value, root->value)) {
        report
            .at(*said->resource, *said->node, said->path,
                fmt::format("{} believes certificates of another root than {}", side.name, root->side->name))
            .notes = {note(*root), {{}, "sign the authorities of all clusters with one root"}};
      }
    }
  }
}

}  // namespace

extern const Rule clusters_differ_in_trust{
    .id = "clusters-differ-in-trust",
    .severity = Severity::kError,
    .peers = "",
    .title = "clusters of one mesh do not believe each other's identities",
    .why =
        "Mutual TLS between clusters needs two things: certificates that lead to one root, and identities "
        "that begin with one trust domain (or with one that the other side takes for an alias). Without the "
        "first no connection comes about; without the second the handshake or every AuthorizationPolicy that "
        "names a principal fails. Inside of each cluster all is well, so it shows when the first request "
        "goes across. Compared are trustDomain in IstioOperator and Istio objects and in istiod's ConfigMap, "
        "and roots that are kept in the ConfigMaps istio-ca-root-cert and linkerd-identity-trust-roots or in "
        "Istio's Secret cacerts.",
    .bad = R"(
# === cluster east
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  meshConfig:
    trustDomain: shop.example
# === cluster west
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  meshConfig:
    trustDomain: west.shop.example # <<
)",
    .good = R"(
# === cluster east
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  meshConfig:
    trustDomain: shop.example
# === cluster west
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: istio, namespace: istio-system}
spec:
  meshConfig:
    trustDomain: shop.example
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
