#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dialect/file_tree.hpp"
#include "manifest/resource.hpp"

namespace marty::dialect {

/// The part of `kustomize build` that overlays need, with the place of every value: resources (files and
/// directories), namespace, and strategic-merge patches (`patches:` with a path or inline, by target or by
/// the name in the patch). Other transformers are reported by name (kustomize-unsupported), never skipped
/// silently.
class Kustomize {
 public:
  using ReadFile = std::function<std::vector<manifest::Resource>(const std::string& path)>;
  Kustomize(FileTree& tree, SourceMap& sources, Diagnostics& found, ReadFile read_file)
      : tree_(tree), sources_(sources), found_(found), read_file_(std::move(read_file)) {}

  /// The name of the kustomization in a directory listing; empty when there is none.
  static std::string file_in(const std::vector<std::string>& names);

  /// The objects a kustomization file produces, in its order.
  std::vector<manifest::Resource> build(const std::string& path);
  bool complete() const { return complete_; }

 private:
  void add_resource(const Sourced<std::string>& entry, const std::string& directory,
                    std::vector<manifest::Resource>&);

  FileTree& tree_;
  SourceMap& sources_;
  Diagnostics& found_;
  ReadFile read_file_;
  std::vector<std::string> open_;  // kustomizations being built, against cycles
  bool complete_ = true;
};

/// "a/b" and "../c" give "a/c".
std::string join_path(const std::string& directory, std::string_view relative);
std::string directory_of(const std::string& path);

}  // namespace marty::dialect
