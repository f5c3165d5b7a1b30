#pragma once

#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "manifest/file_tree.hpp"
#include "manifest/resource.hpp"

/// `kustomize build` (v5) with the place of every value: what a kustomization makes of its resources, bases,
/// components, generators, patches and the other transformers. A value that was patched or set points at the
/// patch or the field that did it. What is not carried out is refused by name, never skipped.
namespace marty::kustomize {

struct Built {
  std::vector<manifest::Resource> objects;  ///< in kustomize's order
  std::vector<std::string> files;           ///< all that were read
  bool complete = true;  ///< false: something was reported that kustomize would not build with
};

/// Builds the kustomization in a directory. Findings say which kustomization asked for what, from the place
/// of the fault up to this one. Files are registered in `sources` by their path.
Built build(manifest::FileTree&, const std::string& directory, SourceMap& sources, Diagnostics&);

/// The name of a kustomization among the names in a directory; empty when there is none.
std::string file_in(const std::vector<std::string>& names);

}  // namespace marty::kustomize
