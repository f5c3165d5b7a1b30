#pragma once

#include "manifest/file_tree.hpp"

namespace marty::local {

/// The disk as the manifest reader sees it. Errors are io's, with the path in them.
class DiskTree : public manifest::FileTree {
 public:
  Result<std::string> read(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  std::string resolve(const std::string& path) override;
};

}  // namespace marty::local
