#pragma once

#include <string>
#include <vector>

#include "core/result.hpp"

namespace marty::dialect {

/// Files as the reader needs them; on disk in the shell, in memory in tests. Paths use '/'; relative ones
/// start where the caller says.
class FileTree {
 public:
  virtual ~FileTree() = default;
  virtual Result<std::string> read(const std::string& path) = 0;
  /// Names directly inside a directory, sorted, those of directories ending in '/'. An Error when it is no
  /// directory.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
};

}  // namespace marty::dialect
