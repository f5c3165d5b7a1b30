#include <fmt/format.h>

#include <filesystem>

#include "cli/command.hpp"
#include "cli/generated_tree.hpp"
#include "cli/policy_source.hpp"
#include "io/files.hpp"
#include "multicluster/generate.hpp"

namespace marty::cli {

namespace {

constexpr Flag kClusters{Flag::Kind::kText,
                         "--file",
                         "FILE",
                         "the clusters that form one mesh",
                         "",
                         "ops/service-mesh/clusters.yaml"};
constexpr Flag kInto{Flag::Kind::kText, "--output", "DIR",
                     "write istio/ and linkerd/ here [beside the file]"};
constexpr const Flag* kFlags[] = {&kClusters, &kInto, &kCheck, &kDiff};

/// What the service's own policy file says about it; nothing when that file has errors, which are in `found`.
Result<std::optional<multicluster::SharedService>> shared_service(
    const World& world, const multicluster::ClusterSet::Service& wanted, const std::string& root,
    SourceMap& sources, Diagnostics& found) {
  auto folder = find_service(world, *wanted.name);
  if (!folder) return std::move(folder.error());
  auto policy = read_policy(world, *folder, sources, found);
  if (!policy) return std::move(policy.error());
  if (!*policy) return std::optional<multicluster::SharedService>{};
  const std::filesystem::path overlays = folder->kubernetes() + "/overlays";
  return std::optional(
      multicluster::SharedService{*wanted.name, *(*policy)->ns, *(*policy)->service.name,
                                  overlays.lexically_relative(root + "/mesh/cluster/service").string(),
                                  (*policy)->outliers.has_value(), *wanted.linkerd});
}

/// How the file is called in what is generated from it: the same wherever the command runs.
std::string shown_anywhere(const std::string& path) {
  const auto ops = path.rfind("/ops/");
  return path.substr(ops == path.npos ? path.rfind('/') + 1 : ops + 1);
}

int generate_multicluster(const Arguments& arguments, World& world) {
  const auto path = world.resolve(arguments.text(kClusters));
  auto text = io::read_file(path);
  if (!text) return fail(world, text.error());
  SourceMap sources;
  Diagnostics found;
  const auto file = sources.add(world.shown(path), std::move(*text));
  const auto set = multicluster::read_cluster_set(sources.text(file), file, found);
  if (!set) return refuse(world, found, sources);

  const auto folder = std::filesystem::path(path).parent_path().string();
  const auto root = arguments.given(kInto) ? world.resolve(arguments.text(kInto)) : folder;
  std::vector<multicluster::SharedService> services;
  for (const auto& wanted : set->services) {
    auto service = shared_service(world, wanted, root, sources, found);
    if (!service) return fail(world, service.error());
    if (!*service) return refuse(world, found, sources);
    services.push_back(std::move(**service));
  }
  found.all().clear();  // the services' own warnings are generate-overlay's to say
  multicluster::report(*set, services, found);
  for (const auto& finding : found.all()) world.err(render(finding, sources));

  std::vector<WantedFile> wanted;
  const auto source = shown_anywhere(path);
  for (auto& one : multicluster::generate(*set, services, source))
    wanted.push_back(
        {root + "/" + one.path, std::move(one.text), std::move(one.link_to), one.executable ? 0755u : 0644u});
  return deliver(
      arguments, world, std::move(wanted), source,
      fmt::format("next: {0}/istio/README.md or {0}/linkerd/README.md, step by step\n", world.shown(root)));
}

}  // namespace

namespace commands {
constexpr Command generate_multicluster{
    "generate-multicluster",
    Group::kManifests,
    "write trust, gateways and peers of several clusters",
    "marty service-mesh generate-multicluster # from ops/service-mesh/clusters.yaml\n"
    "marty service-mesh generate-multicluster --file clusters.yaml --output ./clusters\n"
    "marty service-mesh generate-multicluster --check # for CI: exit 1 on drift\n",
    kFlags,
    cli::generate_multicluster};
}  // namespace commands

}  // namespace marty::cli
