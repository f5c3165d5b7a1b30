#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "manifest/file_tree.hpp"

namespace marty::manifest {

/// A FileTree made of texts, for tests and for looking at generated files before they are written.
class MemoryTree final : public FileTree {
 public:
  std::map<std::string, std::string> files;

  Result<std::string> read(const std::string& path) override {
    const auto found = files.find(path);
    if (found == files.end()) return Error{ErrorCode::kInput, "no such file", ""};
    return found->second;
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::string prefix = directory == "." ? "" : directory + "/";
    std::set<std::string> names;
    for (const auto& [path, text] : files) {
      if (!path.starts_with(prefix)) continue;
      const auto rest = path.substr(prefix.size());
      const auto slash = rest.find('/');
      names.insert(slash == rest.npos ? rest : rest.substr(0, slash + 1));
    }
    if (names.empty()) return Error{ErrorCode::kInput, "no such directory", ""};
    return std::vector<std::string>(names.begin(), names.end());
  }
};

}  // namespace marty::manifest
