#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/generated_tree.hpp"
#include "cli/policy_source.hpp"
#include "dialect/generate.hpp"

namespace marty::cli {

namespace {

constexpr Flag kOutput{Flag::Kind::kText, "--output", "DIR",
                       "write a self-contained overlay here [the service's own k8s folder]"};
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

int generate_overlay(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile))
    return usage_error(world, "generate-overlay needs --service NAME or --file FILE");
  const auto mesh = mesh_kind_named(arguments.text(kMesh));
  auto service = chosen_service(world, arguments);
  if (!service) return fail(world, service.error());

  SourceMap sources;
  Diagnostics found;
  auto policy = read_policy(world, *service, sources, found);
  if (!policy) return fail(world, policy.error());
  if (!*policy || found.has_errors()) return refuse(world, found, sources);
  const dialect::Recipe recipe{policy_name(*service), overrule(arguments, **policy)};
  dialect::report_chaos(**policy, mesh, found);
  dialect::report_capabilities(**policy, mesh, found);
  for (const auto& finding : found.all()) world.err(render(finding, sources));

  const bool own = !arguments.given(kOutput);
  const auto root = own ? service->kubernetes() : world.resolve(arguments.text(kOutput));
  const auto layout = own ? dialect::Layout::kServiceTree : dialect::Layout::kOverlay;
  std::vector<WantedFile> wanted;
  for (auto& file : dialect::generate(**policy, {mesh, layout, recipe}))
    wanted.push_back({root + "/" + file.path, std::move(file.text), std::move(file.link_to),
                      file.executable ? 0755u : 0644u});
  const auto apply_from = world.shown(own ? service->overlay(arguments.text(kMesh)) : root);
  return deliver(
      arguments, world, std::move(wanted), "mesh.yaml",
      fmt::format("next: marty service-mesh validate {0}\n      kubectl apply -k {0}\n", apply_from));
}

}  // namespace

namespace commands {
constexpr Command generate_overlay{
    "generate-overlay",
    Group::kManifests,
    "write a mesh's manifests from mesh.yaml",
    "marty service-mesh generate-overlay --service petstore-domain --mesh istio # into "
    "plugins/petstore_domain/k8s\n"
    "marty service-mesh generate-overlay --service petstore-domain --mesh linkerd --output "
    "./overlays/linkerd\n"
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
