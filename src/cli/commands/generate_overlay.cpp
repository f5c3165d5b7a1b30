#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/file_set.hpp"
#include "cli/policy_source.hpp"
#include "dialect/generate.hpp"

namespace marty::cli {

namespace {

constexpr Flag kOutput{Flag::Kind::kText, "--output", "DIR",
                       "write a self-contained overlay here [the service's own k8s folder]"};
constexpr Flag kCheck{Flag::Kind::kToggle, "--check", "",
                      "write nothing; exit 1 when the files differ from what would be written"};
constexpr Flag kDiff{Flag::Kind::kToggle, "--diff", "", "write nothing; show what would change"};
constexpr Flag kMtls{
    Flag::Kind::kText, "--mtls", "MODE",
    "instead of mesh.yaml's security.mtls: permissive first, strict when all callers are meshed",
    "permissive|strict"};
constexpr Flag kEnvironment{Flag::Kind::kText, "--environment", "WHERE",
                            "instead of mesh.yaml's environment: chaos rules are for 'test' only",
                            "production|test"};
constexpr const Flag* kFlags[] = {&kService, &kFile,        &kMesh,  &kOutput,
                                  &kMtls,    &kEnvironment, &kCheck, &kDiff};

/// Flags overrule the file; the texts they came with go into the recipe, so that the tree says how it was
/// made.
std::string overrule(const Arguments& arguments, mesh::PolicyFile& policy) {
  std::string flags;
  const auto take = [&](const Flag& flag, Sourced<std::string>& value) {
    if (!arguments.given(flag)) return;
    value.value = arguments.text(flag);
    flags += fmt::format(" {} {}", flag.names, *value);
  };
  take(kMtls, policy.security.mtls);
  take(kEnvironment, policy.environment);
  return flags;
}

/// Findings are talk here: the data of this command is the list of files.
int refuse(const World& world, const Diagnostics& found, const SourceMap& sources) {
  for (const auto& finding : found.all()) world.err(render(finding, sources));
  world.err(fmt::format("marty: {} is not usable as it is; nothing was written\n", sources.name(0)));
  return exit_code::kInput;
}

std::string_view word(Change change, bool writes) {
  switch (change) {
    case Change::kNew:
      return writes ? "written" : "missing";
    case Change::kChanged:
      return writes ? "changed" : "differs";
    case Change::kUnchanged:
      break;
  }
  return "unchanged";
}

int report_drift(const Arguments& arguments, const World& world, const std::vector<Comparison>& files) {
  std::size_t drifted = 0;
  for (const auto& one : files) {
    if (one.change == Change::kUnchanged) continue;
    ++drifted;
    const auto name = world.shown(one.file.path);
    const auto& after = one.file.link_to.empty() ? one.file.text : one.file.link_to;
    world.out(arguments.given(kDiff) ? unified_diff(name, one.before, after)
                                     : fmt::format("{:<10} {}\n", word(one.change, false), name));
  }
  if (drifted == 0) {
    world.err(fmt::format("all {} files are as mesh.yaml asks for\n", files.size()));
    return exit_code::kClean;
  }
  world.err(
      fmt::format("{} of {} files differ from what mesh.yaml asks for; the same command without --check "
                  "and --diff writes them\n",
                  drifted, files.size()));
  return arguments.given(kCheck) ? exit_code::kFindings : exit_code::kClean;
}

int write_and_report(const World& world, const std::vector<Comparison>& files,
                     const std::string& apply_from) {
  if (auto status = write(files); !status) return fail(world, status.error());
  for (const auto& one : files)
    world.out(fmt::format("{:<10} {}\n", word(one.change, true), world.shown(one.file.path)));
  world.err(fmt::format("next: marty service-mesh validate {0}\n      kubectl apply -k {0}\n",
                        world.shown(apply_from)));
  return exit_code::kClean;
}

int generate_overlay(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile))
    return usage_error(world, "generate-overlay needs --service NAME or --file FILE");
  const auto mesh = arguments.text(kMesh);
  if (mesh != "istio")
    return fail(world, {ErrorCode::kEnvironment,
                        "generating Linkerd's manifests is not there yet; nothing was written",
                        "--mesh istio is: the same mesh.yaml will give Linkerd's once it is"});
  auto service = chosen_service(world, arguments);
  if (!service) return fail(world, service.error());

  SourceMap sources;
  Diagnostics found;
  auto policy = read_policy(world, *service, sources, found);
  if (!policy) return fail(world, policy.error());
  if (!*policy || found.has_errors()) return refuse(world, found, sources);
  const dialect::Recipe recipe{policy_name(*service), overrule(arguments, **policy)};
  dialect::report_chaos(**policy, found);
  dialect::report_capabilities(**policy, mesh::MeshKind::kIstio, found);
  for (const auto& finding : found.all()) world.err(render(finding, sources));

  const bool own = !arguments.given(kOutput);
  const auto root = own ? service->kubernetes() : world.resolve(arguments.text(kOutput));
  const auto layout = own ? dialect::Layout::kServiceTree : dialect::Layout::kOverlay;
  std::vector<WantedFile> wanted;
  for (auto& file : dialect::generate(**policy, {mesh::MeshKind::kIstio, layout, recipe}))
    wanted.push_back({root + "/" + file.path, std::move(file.text), std::move(file.link_to),
                      file.executable ? 0755u : 0644u});
  auto files = compare(std::move(wanted));
  if (!files) return fail(world, files.error());
  if (arguments.given(kCheck) || arguments.given(kDiff)) return report_drift(arguments, world, *files);
  return write_and_report(world, *files, own ? service->overlay(mesh) : root);
}

}  // namespace

namespace commands {
constexpr Command generate_overlay{
    "generate-overlay",
    Group::kManifests,
    "write a mesh's manifests from mesh.yaml",
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio # into "
    "plugins/petstore_domain/k8s\n"
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio --output ./overlays/istio\n"
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio --mtls permissive # stage "
    "one\n"
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio --environment production # "
    "no "
    "chaos\n"
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio --diff # what would change?\n"
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio --check # for CI: exit 1 on "
    "drift\n",
    kFlags,
    cli::generate_overlay};
}  // namespace commands

}  // namespace marty::cli
