#pragma once

#include <string>

#include "cli/flags.hpp"
#include "cli/world.hpp"
#include "mesh/model.hpp"

namespace marty::cli {

inline constexpr Flag kService{Flag::Kind::kText, "--service", "NAME",
                               "the service: plugins/NAME/mesh.yaml, looked for here and upward"};
inline constexpr Flag kFile{Flag::Kind::kText, "--file", "FILE", "the policy file itself, wherever it is"};
inline constexpr Flag kMesh{Flag::Kind::kText, "--mesh", "MESH", "whose manifests", "istio|linkerd", "istio"};

/// What --mesh was given.
inline mesh::MeshKind mesh_kind_named(const std::string& mesh) {
  return mesh == "linkerd" ? mesh::MeshKind::kLinkerd : mesh::MeshKind::kIstio;
}

/// A service in a plugins folder. Paths are absolute.
struct ServiceFolder {
  std::string directory;    ///< "…/plugins/petstore_domain"
  std::string policy_file;  ///< "…/plugins/petstore_domain/mesh.yaml"

  std::string kubernetes() const { return directory + "/k8s"; }
  /// The overlay of a mesh: what `kubectl apply -k` takes.
  std::string overlay(const std::string& mesh) const {
    return kubernetes() + "/overlays/service-mesh-" + mesh;
  }
  std::string local_file() const { return directory + "/local.yaml"; }
  /// What its HTTP interface looks like; it may have none.
  std::string openapi_file() const { return directory + "/openapi.yaml"; }
};

/// Looks for plugins/<name with _>/mesh.yaml from the working directory upward. The error says where it
/// looked, which services there are, and which one was probably meant.
Result<ServiceFolder> find_service(const World&, const std::string& name);
/// --file, or else --service; without both an error that says so.
Result<ServiceFolder> chosen_service(const World&, const Arguments&);

}  // namespace marty::cli
