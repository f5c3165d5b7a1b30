#include "cli/policy_source.hpp"

#include "dialect/marty/mesh_yaml.hpp"
#include "io/files.hpp"

namespace marty::cli {

Result<std::optional<mesh::PolicyFile>> read_policy(const World& world, const ServiceFolder& service,
                                                    SourceMap& sources, Diagnostics& found) {
  auto text = io::read_file(service.policy_file);
  if (!text) return std::move(text.error());
  const auto file = sources.add(world.shown(service.policy_file), std::move(*text));
  return dialect::read_policy_file(sources.text(file), file, found);
}

std::string policy_name(const ServiceFolder& service) {
  const auto& path = service.policy_file;
  const auto plugins = path.rfind("/plugins/");
  return plugins == path.npos ? path.substr(path.rfind('/') + 1) : path.substr(plugins + 1);
}

}  // namespace marty::cli
