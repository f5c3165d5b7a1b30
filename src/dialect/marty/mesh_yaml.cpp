#include "dialect/marty/mesh_yaml.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dialect/marty/mesh_yaml_fields.hpp"
#include "dialect/names.hpp"
#include "manifest/duration.hpp"
#include "manifest/write.hpp"
#include "manifest/yaml.hpp"

namespace marty::dialect {

using manifest::Node;
using manifest::Reader;
using mesh::PolicyFile;

namespace {

/// A subset is a cluster of its own, so ejection counts the pods of one version.
void check_outliers(const PolicyFile& file, Reader& reader) {
  if (!file.outliers || !file.outliers->max_ejected_percent) return;
  const auto percent = **file.outliers->max_ejected_percent;
  for (const auto& [name, version] : file.workload.versions) {
    if (*version.replicas == 0 || *version.replicas * percent / 100 > 0) continue;
    auto& finding = reader.warning(
        "ejects-nothing", {file.outliers->max_ejected_percent->origin, 0},
        fmt::format("{} % of the {} pod(s) of {} is less than one: none of them is ever taken out", percent,
                    *version.replicas, *name));
    finding.severity =
        Severity::kInfo;  // right for the versions with more pods, which one percentage serves too
    finding.notes.push_back({{version.replicas.origin, 0}, "its pods"});
  }
}

/// Names of rules become names of objects.
void check_names(const PolicyFile& file, Reader& reader) {
  std::vector<Sourced<std::string>> names;
  for (const auto& allow : file.security.allow) names.push_back(allow.name);
  check_unique(names, "allow rules", reader);
  for (const auto& name : names)
    for (const char* own : {"scrapes", "probes", "everybody", "rest"})
      if (*name == own)
        reader.error("duplicate-name", at(name),
                     fmt::format("'{}' is what a generated rule is called; choose another name", own));
}

}  // namespace

void check_policies(const PolicyFile& file, const Node& spec, Reader& reader) {
  if (file.workload.versions.empty()) {
    reader.error("missing-field", spec.find("workload")->range(), "'versions' needs at least one version");
  }
  for (const auto& [name, version] : file.workload.versions) {
    if (!is_dns_label(*name))
      reader.error("invalid-value", at(name), fmt::format("'{}' is not {}", *name, kDnsLabel.description));
  }
  check_routing(file, spec, reader);
  check_names(file, reader);
  check_outliers(file, reader);
  const Node* chaos = spec.find("chaos");
  for (std::size_t i = 0; i < file.chaos.size(); ++i) {
    check_gate(file.chaos[i].header, chaos->children[i].find("header"), reader);
    if (!file.chaos[i].delay && !file.chaos[i].abort) {
      reader.error("missing-field", chaos->children[i].range(), "a chaos rule needs 'delay' or 'abort'");
    }
  }
  check_slo(file, reader);
}

std::optional<PolicyFile> read_policy_file(std::string_view text, std::uint16_t file, Diagnostics& found) {
  const auto before = found.count(Severity::kError);
  const auto documents = manifest::parse_yaml(text, file, found);
  if (found.count(Severity::kError) > before) return {};
  if (documents.size() != 1) {
    found
        .error("policy-file", {{1, 1, file}, 0},
               fmt::format("a policy file is one document; this has {}", documents.size()))
        .notes.push_back({{}, "it begins with: apiVersion: marty.dev/v1, kind: ServiceMesh"});
    return {};
  }
  MeshFile mesh;
  const ObjectRef object{"marty.dev/v1", "ServiceMesh", "", ""};
  if (!manifest::decode(documents[0], mesh, object, found)) return {};
  mesh.spec.name = mesh.metadata.name;
  mesh.spec.ns = mesh.metadata.ns;
  return std::move(mesh.spec);
}

std::string write_policy_file(const PolicyFile& file) {
  MeshFile mesh;
  mesh.api_version = {"marty.dev/v1"};
  mesh.kind = {"ServiceMesh"};
  mesh.metadata.name = file.name;
  mesh.metadata.ns = file.ns;
  mesh.spec = file;
  return manifest::write_yaml(manifest::encode(mesh));
}

}  // namespace marty::dialect
