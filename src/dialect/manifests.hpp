#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/origin.hpp"
#include "manifest/file_tree.hpp"
#include "manifest/resource.hpp"
#include "mesh/model.hpp"

/// From files to one mesh model, with every finding of the way: the reader of `validate`, `up` and `why`.
namespace marty::dialect {

struct Manifests {
  std::vector<manifest::Resource> resources;  ///< namespaces filled in
  std::vector<manifest::Node> apis;           ///< OpenAPI documents among them
  std::size_t skipped = 0;                    ///< documents that are no Kubernetes objects
  std::vector<std::string> files;             ///< all that were read, for watching them
  bool complete = true;                       ///< false: a file was unreadable or a document no YAML
};

/// Reads files and directories. Of a directory with a kustomization that is what `kubectl kustomize` makes of
/// it (kustomize/build.hpp); of any other, its *.yaml, *.yml and *.json. Objects without a namespace go to
/// `default_ns`. Files are registered in `sources` by their path.
Manifests read_manifests(manifest::FileTree&, std::span<const std::string> paths, SourceMap& sources,
                         Diagnostics&, const std::string& default_ns = "default", Workers& = one_at_a_time());

/// One text, such as standard input.
Manifests read_manifest_text(std::string name, std::string text, SourceMap& sources, Diagnostics&,
                             const std::string& default_ns = "default", Workers& = one_at_a_time());

/// What the objects mean together. Kinds nobody reads yet are said in a finding when they belong to a mesh.
/// Linkerd's rules hold when an object of Linkerd's is there or something asks for its injection, else
/// Istio's; `mesh_kind` decides otherwise.
mesh::Model to_model(const Manifests&, Diagnostics&, std::optional<mesh::MeshKind> mesh_kind = {});

}  // namespace marty::dialect
