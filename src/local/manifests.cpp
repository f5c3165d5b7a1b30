#include "local/manifests.hpp"

#include <set>

#include "dialect/manifests.hpp"
#include "io/files.hpp"
#include "local/disk_tree.hpp"

namespace marty::local {

Result<Manifests> load_manifests(const std::string& path, Diagnostics& found, SourceMap& sources,
                                 std::optional<mesh::MeshKind> mesh_kind) {
  DiskTree disk;
  const std::string paths[] = {path};
  const auto read = dialect::read_manifests(disk, paths, sources, found);
  if (read.files.empty() && !found.has_errors()) {
    return Error{ErrorCode::kInput, "no manifests in " + path,
                 "name a directory or file of Kubernetes YAML with --manifests"};
  }
  std::set<std::string> directories;
  for (const auto& file : read.files) {
    const auto slash = file.rfind('/');
    directories.insert(slash == file.npos ? "." : file.substr(0, slash));
  }
  return Manifests{
      path, dialect::to_model(read, found, mesh_kind), nullptr, {directories.begin(), directories.end()}};
}

Result<LocalFile> load_local_file(const std::string& path, Diagnostics& found, SourceMap& sources) {
  auto text = io::read_file(path);
  if (!text) {
    auto error = std::move(text.error());
    if (error.next.empty())
      error.next = "write a local.yaml that says how each Deployment runs here, and name it with --local";
    return error;
  }
  const auto file = sources.add(path, *text);
  return read_local_file(*text, file, found);
}

}  // namespace marty::local
