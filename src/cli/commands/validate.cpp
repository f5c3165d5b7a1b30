#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/findings.hpp"
#include "cli/policy_source.hpp"
#include "dialect/manifests.hpp"
#include "dialect/marty/mesh_yaml.hpp"
#include "io/files.hpp"
#include "local/disk_tree.hpp"
#include "local/manifests.hpp"
#include "rules/analyze.hpp"

namespace marty::cli {

namespace {

constexpr Flag kPaths{Flag::Kind::kPositionals, "PATH", "",
                      "files, directories, kustomizations; - is standard input"};
constexpr const Flag* kFlags[] = {&kService, &kFile, &kPaths, &kFindingsFormat, &kFailOn};

/// Our own kinds among the manifests have their own readers.
void check_own_kinds(const dialect::Manifests& manifests, Findings& into) {
  for (const auto& object : manifests.resources) {
    if (object.group() != "marty.dev") continue;
    const auto file = object.root.origin.file;
    const auto text = into.sources.text(file);
    if (*object.kind == "ServiceMesh") dialect::read_policy_file(text, file, into.found);
    if (*object.kind == "Local") local::read_local_file(text, file, into.found);
  }
}

void check(const dialect::Manifests& manifests, Findings& into) {
  rules::analyze(manifests, into.sources, {}, into.found);
  check_own_kinds(manifests, into);
  into.checked += manifests.resources.size();
  into.skipped += manifests.skipped;
  if (!manifests.complete) into.complete = false;
}

/// mesh.yaml, local.yaml and each overlay that was generated from it. Overlays are alternatives, so each is a
/// model of its own.
Status check_service(const World& world, const ServiceFolder& service, Findings& into) {
  auto policy = read_policy(world, service, into.sources, into.found);
  if (!policy) return std::move(policy.error());
  into.checked += 1;
  std::error_code ignored;
  if (std::filesystem::exists(service.local_file(), ignored)) {
    auto local = local::load_local_file(world.shown(service.local_file()), into.found, into.sources);
    if (!local) return std::move(local.error());
    into.checked += 1;
  }
  const auto overlays = service.kubernetes() + "/overlays";
  auto entries = io::list_directory(overlays);
  local::DiskTree disk;
  std::size_t read = 0;
  for (const auto& entry : entries ? *entries : std::vector<io::DirectoryEntry>{}) {
    if (!entry.is_directory) continue;
    ++read;
    const std::string path = world.shown(overlays + "/" + entry.name);
    check(dialect::read_manifests(disk, {&path, 1}, into.sources, into.found), into);
  }
  if (read == 0)
    world.err(fmt::format("{} has no overlay yet; marty service-mesh generate-overlay writes one\n",
                          world.shown(service.kubernetes())));
  return ok();
}

Status check_paths(const World& world, const std::vector<std::string>& paths, Findings& into) {
  if (paths.front() == "-") {
    auto text = world.read_stdin();
    if (!text) return std::move(text.error());
    check(dialect::read_manifest_text("<stdin>", std::move(*text), into.sources, into.found), into);
    return ok();
  }
  for (const auto& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::exists(world.resolve(path), ignored))
      return Error{ErrorCode::kInput, fmt::format("{}: there is no such file or directory", path), {}};
  }
  local::DiskTree disk;
  check(dialect::read_manifests(disk, paths, into.sources, into.found), into);
  return ok();
}

int validate(const Arguments& arguments, World& world) {
  const auto& paths = arguments.all(kPaths);
  const bool by_name = arguments.given(kService) || arguments.given(kFile);
  if (by_name != paths.empty())
    return usage_error(world, by_name ? "validate takes a service or paths, not both"
                                      : "validate what? Give --service NAME, paths, or - for standard input");
  if (paths.size() > 1 && std::find(paths.begin(), paths.end(), "-") != paths.end())
    return usage_error(world, "- (standard input) stands alone");

  Findings findings;
  if (by_name) {
    auto service = chosen_service(world, arguments);
    if (!service) return fail(world, service.error());
    if (auto status = check_service(world, *service, findings); !status) return fail(world, status.error());
  } else if (auto status = check_paths(world, paths, findings); !status) {
    return fail(world, status.error());
  }
  print(world, arguments.text(kFindingsFormat), findings);
  return exit_code_of(findings, arguments.text(kFailOn));
}

}  // namespace

namespace commands {
constexpr Command validate{
    "validate",
    Group::kManifests,
    "find what is wrong in manifests, offline",
    "marty service-mesh validate --service petstore-domain # mesh.yaml and its overlays\n"
    "marty service-mesh validate ./manifests # a directory, a kustomization or files\n"
    "helm template my-chart | marty service-mesh validate -\n"
    "marty service-mesh validate ./manifests -o json --fail-on warning\n"
    "marty service-mesh validate ./manifests -o github # annotations in a pull request\n",
    kFlags,
    cli::validate};
}  // namespace commands

}  // namespace marty::cli
