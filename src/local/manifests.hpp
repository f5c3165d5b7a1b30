#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/result.hpp"
#include "local/local_file.hpp"
#include "mesh/model.hpp"

namespace marty::local {

/// The manifests of a mesh as read from disk.
struct Manifests {
  std::string path;  ///< as it was asked for
  mesh::Model model;
  std::shared_ptr<const SourceMap> sources;
  std::vector<std::string> directories;  ///< of all files read, for watching
};

/// Reads a directory, a kustomization or a file. Findings go to `found`, texts to `sources`; an Error means
/// that there was nothing to read.
/// `mesh_kind`: whose rules they follow; unset: as they say themselves.
Result<Manifests> load_manifests(const std::string& path, Diagnostics& found, SourceMap& sources,
                                 std::optional<mesh::MeshKind> mesh_kind = {});
Result<LocalFile> load_local_file(const std::string& path, Diagnostics& found, SourceMap& sources);

}  // namespace marty::local
