#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace marty::manifest {

/// Files as the reader needs them; on disk in the shell, in memory in tests. Paths use '/'; relative ones
/// start where the caller says.
class FileTree {
 public:
  virtual ~FileTree() = default;
  virtual Result<std::string> read(const std::string& path) = 0;
  /// Names directly inside a directory, sorted, those of directories ending in '/'. An Error when it is no
  /// directory.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  /// Where a path leads when links are followed, in a form in which two paths can be compared.
  virtual std::string resolve(const std::string& path) { return path; }
};

/// "a/b" and "../c" give "a/c"; an absolute second path stands alone.
std::string join_path(const std::string& directory, std::string_view relative);
/// "." for a bare name.
std::string directory_of(const std::string& path);

}  // namespace marty::manifest
