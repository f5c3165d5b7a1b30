#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cli/cluster_session.hpp"
#include "cli/command.hpp"
#include "cli/validation.hpp"
#include "io/threads.hpp"
#include "rules/upgrades.hpp"

namespace marty::cli {

namespace {

constexpr Flag kPaths{Flag::Kind::kPositionals, "PATH", "",
                      "files, directories, kustomizations; - is standard input"};
constexpr Flag kDefaultNamespace{Flag::Kind::kText, "-n,--namespace", "NAME",
                                 "of objects that name none [default]; with --live, the one to read [all]"};
constexpr Flag kLive{Flag::Kind::kToggle, "--live", "",
                     "join the paths with what a cluster holds; none: only that"};
constexpr Flag kCluster{Flag::Kind::kRepeated, "--cluster", "NAME=PATH",
                        "one of several clusters of a mesh: each for itself, then side by side"};
constexpr Flag kUpgrade{Flag::Kind::kText, "--upgrade", "FROM..TO",
                        "what an upgrade of Istio changes for them; TO: as mesh.yaml says, else 1.30"};
constexpr Flag kMeshConfig{Flag::Kind::kText, "--mesh-config", "FILE",
                           "istiod's MeshConfig: its ConfigMap, an IstioOperator or Helm values"};
constexpr Flag kOpenApi{Flag::Kind::kRepeated, "--openapi", "FILE",
                        "what a Service's interface looks like: policies are held against it"};
constexpr Flag kCrds{Flag::Kind::kRepeated, "--crd", "PATH", "CustomResourceDefinitions of more kinds"};
constexpr Flag kConfig{Flag::Kind::kText, "--config", "FILE",
                       "severities and decisions to ignore [.marty.yaml, here or above]"};
constexpr Flag kBaseline{Flag::Kind::kText, "--baseline", "FILE", "say only what is not in it"};
constexpr Flag kWriteBaseline{Flag::Kind::kText, "--write-baseline", "FILE",
                              "write down all that is found as known"};
constexpr Flag kFix{Flag::Kind::kToggle, "--fix", "", "carry out the fixes that are certain, in the files"};
constexpr Flag kDryRun{Flag::Kind::kToggle, "--dry-run", "",
                       "with --fix: show the differences, write nothing"};
constexpr Flag kInfos{Flag::Kind::kToggle, "-v,--verbose", "", "show what is only worth knowing, too"};
constexpr const Flag* kFlags[] = {
    &kService,    &kFile,     &kPaths,         &kCluster, &kDefaultNamespace, &kCrds,           &kUpgrade,
    &kMeshConfig, &kOpenApi,  &kLive,          &kContext, &kKubeconfig,       &kFindingsFormat, &kFailOn,
    &kConfig,     &kBaseline, &kWriteBaseline, &kFix,     &kDryRun,           &kInfos};

/// "1.22" or "1.22..1.28".
void plan_upgrade(const std::string& releases, rules::Settings& settings) {
  const auto dots = releases.find("..");
  settings.upgrade_from = releases.substr(0, dots);
  if (dots != releases.npos) settings.istio_version = releases.substr(dots + 2);
}

/// Whether it says two releases of Istio, the first before the second.
bool is_upgrade(const std::string& releases) {
  rules::Settings settings;
  plan_upgrade(releases, settings);
  const int from = rules::istio_minor(settings.upgrade_from), to = rules::istio_minor(settings.istio_version);
  return from > 0 && from < to;
}

Status look(const Arguments& arguments, const World& world, Findings& findings) {
  io::Threads threads;
  Scope scope{.workers = threads};
  const auto& ns = arguments.text(kDefaultNamespace);
  if (!ns.empty()) scope.ns = ns;
  if (arguments.given(kUpgrade)) plan_upgrade(arguments.text(kUpgrade), scope.settings);
  MARTY_TRY(learn_crds(world, arguments.all(kCrds), scope, findings));
  if (arguments.given(kMeshConfig))
    MARTY_TRY(learn_mesh_config(world, arguments.text(kMeshConfig), scope, findings));
  for (const auto& path : arguments.all(kOpenApi)) MARTY_TRY(learn_api(world, path, scope, findings));
  if (arguments.given(kLive)) {
    MARTY_TRY(check_live(world, arguments, arguments.all(kPaths), ns, scope, findings));
  } else if (arguments.given(kCluster)) {
    MARTY_TRY(check_clusters(world, arguments.all(kCluster), scope, findings));
  } else if (arguments.all(kPaths).empty()) {
    auto service = chosen_service(world, arguments);
    if (!service) return std::move(service.error());
    MARTY_TRY(check_service(world, *service, scope, findings));
  } else {
    MARTY_TRY(check_paths(world, arguments.all(kPaths), scope, findings));
  }
  MARTY_TRY(respect_decisions(world, arguments.text(kConfig), findings));
  if (arguments.given(kWriteBaseline))
    MARTY_TRY(write_baseline(world, arguments.text(kWriteBaseline), findings));
  if (arguments.given(kBaseline)) MARTY_TRY(subtract_baseline(world, arguments.text(kBaseline), findings));
  if (arguments.given(kFix) && !arguments.given(kDryRun)) MARTY_TRY(fix(world, findings));
  return ok();
}

/// What is wrong with the clusters that were named; empty: nothing.
std::string misnamed(const std::vector<std::string>& clusters) {
  std::set<std::string_view> names;
  for (const std::string_view cluster : clusters) {
    const auto equals = cluster.find('=');
    if (equals == cluster.npos || equals == 0 || equals + 1 == cluster.size())
      return fmt::format("--cluster {}: say NAME=PATH, such as east=./east", cluster);
    if (cluster.substr(equals + 1) == "-") return "--cluster takes files and directories, not -";
    names.insert(cluster.substr(0, equals));
  }
  return names.size() > 1 ? "" : "one cluster has nothing to be compared with; give --cluster again";
}

int validate(const Arguments& arguments, World& world) {
  const auto& paths = arguments.all(kPaths);
  const bool by_name = arguments.given(kService) || arguments.given(kFile);
  const bool live = arguments.given(kLive);
  if (live && by_name)
    return usage_error(world, "--live goes with paths, such as one overlay's directory, or with none");
  if (!live && (arguments.given(kContext) || arguments.given(kKubeconfig)))
    return usage_error(world, "--context and --kubeconfig go with --live; without it no cluster is asked");
  const bool clusters = arguments.given(kCluster);
  if (clusters && (by_name || live || !paths.empty()))
    return usage_error(world, "--cluster names all there is to read: no service, no paths, no --live");
  if (const auto wrong = clusters ? misnamed(arguments.all(kCluster)) : ""; !wrong.empty())
    return usage_error(world, wrong);
  if (!live && !clusters && by_name != paths.empty())
    return usage_error(world, by_name ? "validate takes a service or paths, not both"
                                      : "validate what? Give --service NAME, paths, or - for standard input");
  if (paths.size() > 1 && std::find(paths.begin(), paths.end(), "-") != paths.end())
    return usage_error(world, "- (standard input) stands alone");
  if (arguments.given(kUpgrade) && !is_upgrade(arguments.text(kUpgrade)))
    return usage_error(world, "--upgrade takes releases of Istio, the older first: 1.22 or 1.22..1.28");
  if (arguments.given(kDryRun) && !arguments.given(kFix))
    return usage_error(world, "--dry-run goes with --fix; without it validate writes nothing anyway");

  Findings findings;
  findings.show_info = arguments.given(kInfos) || arguments.text(kFailOn) == "info";
  if (auto status = look(arguments, world, findings); !status) return fail(world, status.error());
  if (arguments.given(kDryRun))
    return show_fixes(world, findings) > 0 ? exit_code::kFindings : exit_code::kClean;
  print(world, arguments.text(kFindingsFormat), findings);
  if (arguments.given(kWriteBaseline) && findings.checked > 0) return exit_code::kClean;
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
    "marty service-mesh validate ./manifests --crd ./crds # objects of other kinds too\n"
    "marty service-mesh validate --cluster east=./east --cluster west=./west # do they differ?\n"
    "marty service-mesh validate ./manifests --upgrade 1.22..1.28 # what will Istio do otherwise?\n"
    "marty service-mesh validate ./manifests --openapi api.yaml # paths and methods that exist\n"
    "marty service-mesh validate ./manifests --live # as they would be in the cluster\n"
    "marty service-mesh validate --live -n shop # what is in force there\n"
    "marty service-mesh validate ./manifests --fix --dry-run # what would be mended?\n"
    "marty service-mesh validate ./manifests -o json --fail-on warning\n"
    "marty service-mesh validate ./manifests -o github # annotations in a pull request\n"
    "marty service-mesh validate ./old --write-baseline known.json # then: --baseline known.json\n",
    kFlags,
    cli::validate};
}  // namespace commands

}  // namespace marty::cli
