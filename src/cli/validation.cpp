#include "cli/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "cli/policy_source.hpp"
#include "dialect/manifests.hpp"
#include "dialect/marty/mesh_yaml.hpp"
#include "io/files.hpp"
#include "local/disk_tree.hpp"
#include "local/manifests.hpp"
#include "manifest/yaml.hpp"
#include "multicluster/cluster_set.hpp"
#include "rules/comparison.hpp"
#include "rules/mesh_config.hpp"
#include "rules/suppression.hpp"

namespace marty::cli {

namespace {

/// Our own kinds among the manifests have their own readers.
void check_own_kinds(const dialect::Manifests& manifests, Findings& into) {
  for (const auto& object : manifests.resources) {
    if (object.group() != "marty.dev") continue;
    const auto file = object.root.origin.file;
    const auto text = into.sources.text(file);
    if (*object.kind == "ServiceMesh") dialect::read_policy_file(text, file, into.found);
    if (*object.kind == "ClusterSet") multicluster::read_cluster_set(text, file, into.found);
    if (*object.kind == "Local") local::read_local_file(text, file, into.found);
  }
}

}  // namespace

std::unique_ptr<const rules::Analysis> check(dialect::Manifests manifests, const Scope& scope,
                                             Findings& into) {
  auto made = rules::analyze(std::move(manifests), into.sources, scope.settings, scope.catalog, into.found,
                             scope.workers);
  check_own_kinds(made->manifests, into);
  into.unknown += made->unknown;
  into.checked += made->manifests.resources.size();
  into.skipped += made->manifests.skipped;
  if (!made->manifests.complete) into.complete = false;
  return made;
}

namespace {

/// Models that were analysed, and what they are called.
using Named = std::vector<std::pair<std::string, std::unique_ptr<const rules::Analysis>>>;

void compare(rules::Comparison::Of of, const Named& all, Findings& into) {
  rules::Comparison comparison{of, {}};
  for (const auto& [name, analysis] : all) comparison.sides.push_back({name, *analysis->estate});
  rules::compare_all(comparison, into.found);
}

}  // namespace

void leave(std::unique_ptr<const rules::Analysis> analysis) {
  static auto& all = *new std::vector<std::unique_ptr<const rules::Analysis>>;
  all.push_back(std::move(analysis));
}

Status learn_crds(const World&, const std::vector<std::string>& paths, Scope& scope, Findings& into) {
  local::DiskTree disk;
  const auto manifests = dialect::read_manifests(disk, paths, into.sources, into.found);
  if (!manifests.complete) into.complete = false;
  if (scope.catalog.add_crds(manifests.resources, into.found) > 0 || paths.empty()) return ok();
  return Error{ErrorCode::kInput, fmt::format("{}: there is no CustomResourceDefinition", paths.front()), {}};
}

Status learn_api(const World& world, const std::string& path, Scope& scope, Findings& into) {
  auto text = io::read_file(world.resolve(path));
  if (!text) return std::move(text.error());
  const auto file = into.sources.add(path, std::move(*text));
  const auto before = into.found.all().size();
  auto documents = manifest::parse_yaml(into.sources.text(file), file, into.found);
  if (into.found.all().size() > before) into.complete = false;
  std::erase_if(documents, [](const auto& document) { return !manifest::is_openapi(document); });
  if (documents.empty() && into.found.all().size() == before)
    return Error{
        ErrorCode::kInput, fmt::format("{}: there is no OpenAPI document (2.0 or 3.x) with paths", path), {}};
  std::move(documents.begin(), documents.end(), std::back_inserter(scope.settings.apis));
  return ok();
}

Status check_service(const World& world, const ServiceFolder& service, Scope& scope, Findings& into) {
  auto policy = read_policy(world, service, into.sources, into.found);
  if (!policy) return std::move(policy.error());
  into.checked += 1;
  std::error_code ignored;
  if (std::filesystem::exists(service.local_file(), ignored)) {
    auto local = local::load_local_file(world.shown(service.local_file()), into.found, into.sources);
    if (!local) return std::move(local.error());
    into.checked += 1;
  }
  if (*policy && scope.settings.istio_version == rules::Settings().istio_version)
    scope.settings.istio_version = *(*policy)->target.istio;
  if (*policy) scope.settings.linkerd_version = *(*policy)->target.linkerd;
  if (std::filesystem::exists(service.openapi_file(), ignored)) {
    MARTY_TRY(learn_api(world, world.shown(service.openapi_file()), scope, into));
    if (*policy) scope.settings.api_service = *(*policy)->service.name + "." + *(*policy)->ns;
    into.checked += 1;
  }
  const auto overlays = service.kubernetes() + "/overlays";
  auto entries = io::list_directory(overlays);
  local::DiskTree disk;
  Named read;
  for (const auto& entry : entries ? *entries : std::vector<io::DirectoryEntry>{}) {
    if (!entry.is_directory) continue;
    const std::string path = world.shown(overlays + "/" + entry.name);
    // What was said of a line of openapi.yaml under one mesh may be as true under the other.
    auto before = std::exchange(into.found, {});
    read.emplace_back(entry.name, check(dialect::read_manifests(disk, {&path, 1}, into.sources, into.found,
                                                                scope.ns, scope.workers),
                                        scope, into));
    for (auto& finding : into.found.all()) before.add(std::move(finding));
    into.found = std::move(before);
  }
  compare(rules::Comparison::Of::kOverlays, read, into);
  if (read.empty())
    world.err(fmt::format("{} has no overlay yet; marty service-mesh generate-overlay writes one\n",
                          world.shown(service.kubernetes())));
  return ok();
}

Status learn_mesh_config(const World& world, const std::string& path, Scope& scope, Findings& into) {
  auto text = io::read_file(world.resolve(path));
  if (!text) return std::move(text.error());
  const auto file = into.sources.add(path, std::move(*text));
  scope.settings.mesh_configs = rules::read_mesh_config(into.sources.text(file), file, into.found);
  if (scope.settings.mesh_configs.empty()) into.complete = false;
  return ok();
}

Result<dialect::Manifests> read_paths(const World& world, const std::vector<std::string>& paths,
                                      const Scope& scope, Findings& into) {
  if (paths.front() == "-") {
    auto text = world.read_stdin();
    if (!text) return std::move(text.error());
    return dialect::read_manifest_text("<stdin>", std::move(*text), into.sources, into.found, scope.ns,
                                       scope.workers);
  }
  for (const auto& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::exists(world.resolve(path), ignored))
      return Error{ErrorCode::kInput, fmt::format("{}: there is no such file or directory", path), {}};
  }
  local::DiskTree disk;
  return dialect::read_manifests(disk, paths, into.sources, into.found, scope.ns, scope.workers);
}

Status check_paths(const World& world, const std::vector<std::string>& paths, const Scope& scope,
                   Findings& into) {
  auto manifests = read_paths(world, paths, scope, into);
  if (!manifests) return std::move(manifests.error());
  leave(check(std::move(*manifests), scope, into));
  return ok();
}

Status check_clusters(const World& world, const std::vector<std::string>& clusters, const Scope& scope,
                      Findings& into) {
  std::vector<std::pair<std::string, std::vector<std::string>>> paths;  // in the order of the flags
  for (const auto& cluster : clusters) {
    const auto equals = cluster.find('=');
    const auto name = cluster.substr(0, equals);
    auto known =
        std::find_if(paths.begin(), paths.end(), [&](const auto& other) { return other.first == name; });
    if (known == paths.end()) known = paths.insert(paths.end(), {name, {}});
    known->second.push_back(cluster.substr(equals + 1));
  }
  Named read;
  for (const auto& [name, all] : paths) {
    auto manifests = read_paths(world, all, scope, into);
    if (!manifests) return std::move(manifests.error());
    read.emplace_back(name, check(std::move(*manifests), scope, into));
  }
  compare(rules::Comparison::Of::kClusters, read, into);
  return ok();
}

namespace {

constexpr std::string_view kConfigName = ".marty.yaml";

/// The configuration that counts here; empty when there is none.
std::string nearest_config(const World& world) {
  for (auto directory = world.cwd;; directory = directory.substr(0, directory.rfind('/'))) {
    const auto candidate = fmt::format("{}/{}", directory, kConfigName);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored)) return candidate;
    if (directory.empty()) return {};
  }
}

}  // namespace

Status respect_decisions(const World& world, const std::string& path, Findings& into) {
  rules::Config config;
  const auto name = path.empty() ? nearest_config(world) : world.resolve(path);
  if (!name.empty()) {
    auto text = io::read_file(name);
    if (!text) return std::move(text.error());
    const auto file = into.sources.add(world.shown(name), std::move(*text));
    config = rules::read_config(into.sources.text(file), file, into.found);
  }
  into.ignored += rules::suppress(into.found, config, into.sources, world.today());
  return ok();
}

}  // namespace marty::cli
