#include "cli/service.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "io/files.hpp"

namespace marty::cli {

namespace fs = std::filesystem;

namespace {

bool is_file(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The working directory and everything above it.
std::vector<std::string> upward(const std::string& from) {
  std::vector<std::string> all;
  for (fs::path at = from;; at = at.parent_path()) {
    all.push_back(at == at.root_path() ? std::string() : at.string());
    if (at == at.parent_path()) return all;
  }
}

std::string with(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

std::vector<std::string> services_in(const std::vector<std::string>& roots) {
  std::vector<std::string> names;
  for (const auto& root : roots) {
    auto entries = io::list_directory(root + "/plugins");
    if (!entries) continue;
    for (const auto& entry : *entries)
      if (entry.is_directory && is_file(root + "/plugins/" + entry.name + "/mesh.yaml"))
        names.push_back(with(entry.name, '_', '-'));
  }
  return names;
}

Error no_such_service(const std::string& name, const std::string& below,
                      const std::vector<std::string>& roots) {
  std::string looked;
  for (const auto& root : roots) looked += fmt::format("{}{}/{}", looked.empty() ? "" : ", ", root, below);
  Error error{ErrorCode::kInput, fmt::format("there is no service '{}'; looked for {}", name, looked), {}};
  const auto names = services_in(roots);
  if (names.empty()) {
    error.next =
        "no service here has a plugins/…/mesh.yaml; go to your project, or name the file with --file";
    return error;
  }
  error.next = fmt::format("services here: {}", fmt::join(names, ", "));
  if (const auto near = closest(name, {names.begin(), names.end()}))
    error.next += fmt::format("; did you mean {}?", *near);
  return error;
}

}  // namespace

Result<ServiceFolder> find_service(const World& world, const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.'))
    return Error{ErrorCode::kInput, fmt::format("'{}' is no name of a service", name),
                 "--service takes a name such as petstore-domain; --file takes a path"};
  const auto roots = upward(world.cwd);
  const auto below = fmt::format("plugins/{}/mesh.yaml", with(name, '-', '_'));
  for (const auto& root : roots) {
    const auto file = root + "/" + below;
    if (is_file(file)) return ServiceFolder{file.substr(0, file.rfind('/')), file};
  }
  return no_such_service(name, below, roots);
}

Result<ServiceFolder> chosen_service(const World& world, const Arguments& arguments) {
  if (arguments.given(kFile)) {
    const auto file = world.resolve(arguments.text(kFile));
    if (!is_file(file))
      return Error{ErrorCode::kInput, fmt::format("{}: there is no such file", world.shown(file)),
                   "--file takes the mesh.yaml of a service"};
    return ServiceFolder{file.substr(0, file.rfind('/')), file};
  }
  return find_service(world, arguments.text(kService));
}

}  // namespace marty::cli
