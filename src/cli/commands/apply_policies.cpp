#include <fmt/format.h>

#include <charconv>

#include "cli/cluster_session.hpp"
#include "cli/command.hpp"
#include "cli/local_session.hpp"
#include "cli/plan_view.hpp"
#include "cluster/apply.hpp"
#include "cluster/objects.hpp"
#include "dialect/manifests.hpp"
#include "manifest/duration.hpp"

namespace marty::cli::commands {
namespace {

constexpr Flag kDryRun{
    Flag::Kind::kOptional, "--dry-run",
    "[=client|server]",    "only show the plan; client: without asking the server what it would change",
    "client|server",       "server"};
constexpr Flag kYes{Flag::Kind::kToggle, "--yes", "",
                    "do not ask; without a terminal nothing is applied otherwise"};
constexpr Flag kRollback{Flag::Kind::kToggle, "--rollback", "",
                         "apply what was in force before the last change"};
constexpr Flag kForce{Flag::Kind::kToggle, "--force-conflicts", "",
                      "take over fields that another field manager has set to something else"};
constexpr Flag kTimeout{Flag::Kind::kText,
                        "--timeout",
                        "DURATION",
                        "how long to wait until all is ready; 0s: not at all",
                        "",
                        "5m"};
constexpr Flag kFormat{Flag::Kind::kText,       "-o,--output", "FORMAT",
                       "how to print the plan", "table|json",  "table"};

constexpr const Flag* kFlags[] = {&kService,    &kFile,      &kMesh,   &kManifests, &kContext,
                                  &kKubeconfig, &kNamespace, &kDryRun, &kYes,       &kRollback,
                                  &kForce,      &kTimeout,   &kFormat};

/// One run of the command: what it was told, and what it has found out so far.
struct Application {
  const Arguments& arguments;
  World& world;
  ClusterSession& session;
  ClusterService service;
  SourceMap sources;
  PlanContext context{service, {}, {}};
  std::optional<rollout::Record> record;
  rollout::Survey survey;
  rollout::Plan plan;

  std::string command() const { return "marty service-mesh apply-policies " + service.words; }
  bool dry_run() const { return arguments.given(kDryRun); }

  void print(std::string_view result) const {
    const bool json = arguments.text(kFormat) == "json";
    // A plan in JSON is one document, printed when its result is known.
    if (json && result != "shown") world.out(plan_json(plan, context, sources, result));
    if (!json && result == "shown") world.out(plan_table(plan, sources, world.color));
  }

  /// What is wanted is what the record remembers.
  Status go_back() {
    auto target = rollout::rollback_target(record, service.name);
    if (!target) return std::move(target.error());
    Diagnostics found;
    const auto name = fmt::format("before generation {}", record->generation);
    service.wanted =
        dialect::read_manifest_text(name, std::move(*target), sources, found, service.ns).resources;
    return ok();
  }

  /// Where something of the service may be: also where it was before and is wanted no more.
  std::set<std::string> namespaces() const {
    auto all = cluster::namespaces_of(service.wanted);
    Diagnostics ignored;  // our own record
    if (record) all.merge(cluster::namespaces_of(manifest::read_resources(record->current, 0, ignored).all));
    return all;
  }

  /// Fills in everything up to the plan.
  Status look() {
    const auto busy = [this](const std::string& line) { session.busy(line); };
    busy("reading the cluster");
    auto& kubectl = session.kubectl();
    auto target = cluster::target(kubectl);
    if (target) context.target = std::move(*target);
    const bool ask = arguments.text(kDryRun) != "client";
    auto read = cluster::read_record(kubectl, service.name, service.ns);
    if (!read) return std::move(read.error());
    record = std::move(*read);
    if (arguments.given(kRollback)) MARTY_TRY(go_back());
    auto served = cluster::served_kinds(kubectl);
    if (!served) return std::move(served.error());
    MARTY_TRY(cluster::all_served(service.wanted, *served));
    auto live = cluster::existing(kubectl, service.wanted);
    if (!live) return std::move(live.error());
    auto marked = cluster::marked_objects(kubectl, namespaces(), *served, service.name);
    if (!marked) return std::move(marked.error());
    survey = {true, std::move(*live), {}, {}, std::move(*marked)};
    return ask ? cluster::preview(kubectl, cluster::can_be_tried(service.wanted, survey), survey, busy)
               : ok();
  }
};

int refuse_conflicts(const Application& run) {
  run.print("refused");
  run.world.err(
      fmt::format("marty: {} conflicts: others have set these fields to something else; nothing was applied\n"
                  "  let them keep a field by leaving it out of the manifests, ask them to give it up, or "
                  "take it over:\n  {} --force-conflicts\n",
                  run.plan.conflicts(), run.command()));
  return exit_code::kFindings;
}

int finish(const Application& run, const std::optional<cluster::Unfinished>& unfinished) {
  if (!unfinished) {
    run.print("applied");
    run.world.err(
        fmt::format("all of it is in force\nnext: marty service-mesh status {}\n", run.service.words));
    return exit_code::kClean;
  }
  run.print("unfinished");
  auto error = unfinished->error;
  if (!error.next.empty()) error.next += "\n  ";
  error.next +=
      fmt::format("the same command finishes the work: {}{}; what was before comes back with --rollback",
                  run.command(), run.arguments.given(kRollback) ? " --rollback" : "");
  const int code = fail(run.world, error);
  return unfinished->not_ready ? exit_code::kFindings : code;
}

int apply(Application& run, Duration timeout) {
  const auto words = fmt::format("{}{}{}", run.command(), run.arguments.given(kRollback) ? " --rollback" : "",
                                 run.arguments.given(kForce) ? " --force-conflicts" : "");
  if (!run.arguments.given(kYes)) {
    if (!run.world.terminal.in || !run.world.terminal.err) {
      run.print("planned");
      run.world.err(fmt::format(
          "marty: nothing was applied: this is no terminal to ask on\n  to apply it: {} --yes\n", words));
      return exit_code::kUsage;
    }
    const auto where = fmt::format("{} ({})", run.context.target.context, run.context.target.server);
    if (!run.session.confirmed(fmt::format("Apply this to {}?", where))) {
      run.print("planned");
      run.session.say("nothing was applied");
      return run.session.interrupted() ? exit_code::kInterrupted : exit_code::kClean;
    }
  }
  cluster::ApplyRequest request{run.service.name,
                                run.service.ns,
                                run.service.mesh,
                                run.service.wanted,
                                run.arguments.given(kRollback),
                                run.arguments.given(kForce),
                                timeout};
  const cluster::Voice voice{[&](const std::string& line) { run.session.say(line); },
                             [&](const std::string& line) { run.session.busy(line); }};
  return finish(run,
                cluster::carry_out(run.session.kubectl(), request, run.plan, run.survey, run.record, voice));
}

/// Without a cluster a client-side trial still shows what would be applied, and in which order.
int show_order(Application& run, const Error& why) {
  run.plan = rollout::make_plan(run.service.wanted, {});
  run.print("shown");
  run.print("planned");
  run.world.err(fmt::format("{}\nno cluster was asked, so nothing is known of what is there: {}\n",
                            plan_summary(run.plan), why.text));
  return exit_code::kClean;
}

int carry_on(Application& run, Duration timeout) {
  run.plan = rollout::make_plan(run.service.wanted, run.survey);
  run.print("shown");
  const auto& record = run.record;
  const bool resumed = record && record->state == rollout::Record::State::kApplying;
  run.session.say(fmt::format("{} in context {}", plan_summary(run.plan), run.context.target.context));
  if (resumed)
    run.session.say(fmt::format("generation {} was begun {} and not finished; this {} it", record->generation,
                                record->started, run.dry_run() ? "would finish" : "finishes"));
  if (run.plan.conflicts() > 0 && !run.arguments.given(kForce)) return refuse_conflicts(run);
  if (run.dry_run() || (!run.plan.changes_anything() && !resumed)) {
    run.print(run.plan.changes_anything() ? "planned" : "unchanged");
    return exit_code::kClean;
  }
  return apply(run, timeout);
}

int run_command(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile))
    return usage_error(world, "apply-policies needs --service NAME or --file FILE");
  const auto timeout = manifest::parse_duration(arguments.text(kTimeout));
  if (!timeout) return usage_error(world, "--timeout takes a duration such as 90s or 5m");
  SourceMap sources;
  auto service = cluster_service(world, arguments, sources);
  if (!service) return fail(world, service.error());
  auto session = ClusterSession::start(world, arguments);
  if (!session) return fail(world, session.error());
  Application run{arguments, world, **session, std::move(*service), std::move(sources)};
  run.context.dry_run = run.dry_run() ? arguments.text(kDryRun) : "";
  auto looked = run.look();
  run.session.busy("");
  if (!looked) {
    const bool no_cluster = !run.survey.reached && looked.error().code == ErrorCode::kEnvironment;
    if (no_cluster && run.context.dry_run == "client" && !arguments.given(kRollback))
      return show_order(run, looked.error());
    return fail(world, looked.error());
  }
  return carry_on(run, *timeout);
}

}  // namespace

const Command apply_policies{
    .name = "apply-policies",
    .group = Group::kCluster,
    .summary = "bring a cluster to what a service's manifests say: plan, apply in order, wait, prune",
    .examples =
        "marty service-mesh apply-policies --service petstore-domain --mesh istio --dry-run # what would "
        "change?\n"
        "marty service-mesh apply-policies --service petstore-domain --mesh istio           # shows it, "
        "asks, does it\n"
        "marty service-mesh apply-policies --service petstore-domain --mesh istio --yes     # in a pipeline\n"
        "marty service-mesh apply-policies --service petstore-domain --rollback             # back to what "
        "was before\n"
        "marty service-mesh apply-policies --service pets --manifests ./k8s --context staging\n",
    .flags = kFlags,
    .run = run_command,
};

}  // namespace marty::cli::commands
