#include "local/disk_tree.hpp"

#include <filesystem>

#include "io/files.hpp"

namespace marty::local {

Result<std::string> DiskTree::read(const std::string& path) { return io::read_file(path); }

Result<std::vector<std::string>> DiskTree::list(const std::string& directory) {
  auto entries = io::list_directory(directory);
  if (!entries) return std::move(entries.error());
  std::vector<std::string> names;
  for (const auto& entry : *entries) names.push_back(entry.name + (entry.is_directory ? "/" : ""));
  return names;
}

std::string DiskTree::resolve(const std::string& path) {
  std::error_code failed;
  const auto real = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : real.string();
}

}  // namespace marty::local
