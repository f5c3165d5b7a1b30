#pragma once

#include <memory>
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
Result<Manifests> load_manifests(const std::string& path, Diagnostics& found, SourceMap& sources);
Result<LocalFile> load_local_file(const std::string& path, Diagnostics& found, SourceMap& sources);

}  // namespace marty::local
