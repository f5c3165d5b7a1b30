#include <fmt/format.h>

#include "cli/cluster_session.hpp"
#include "cli/command.hpp"
#include "cli/local_session.hpp"
#include "cli/status_view.hpp"
#include "cluster/evidence.hpp"
#include "io/clock.hpp"
#include "local/admin_client.hpp"

namespace marty::cli::commands {
namespace {

constexpr Flag kAdmin{Flag::Kind::kText, "--admin", "ADDRESS", "the admin address of a local mesh", "",
                      "127.0.0.1:15000"};
constexpr Flag kWatch{Flag::Kind::kToggle, "-w,--watch", "",
                      "look again every 2 s until Ctrl-C; without a terminal one JSON line each"};
constexpr Flag kFormat{Flag::Kind::kText, "-o,--output", "FORMAT", "how to print it", "table|json", "table"};

constexpr const Flag* kFlags[] = {&kService,    &kFile,      &kMesh,  &kManifests, &kContext,
                                  &kKubeconfig, &kNamespace, &kAdmin, &kWatch,     &kFormat};

constexpr Duration kTick = 2s;
constexpr Duration kRateSpan = 1s;  // of a single look

/// Counters as they were at one moment.
struct Sample {
  Instant at;
  std::map<std::string, rollout::Counters> counters;
};

class Watcher {
 public:
  Watcher(const Arguments& arguments, World& world, ClusterSession& session, const ClusterService& service)
      : arguments_(arguments), world_(world), session_(session), service_(service) {}

  Result<StatusShot> look() {
    StatusShot shot;
    shot.service = &service_;
    MARTY_TRY(look_at_cluster(shot));
    MARTY_TRY(look_here(shot));
    session_.busy("");
    if (shot.cluster || shot.local) return shot;
    return Error{ErrorCode::kEnvironment,
                 fmt::format("there is neither a cluster nor a local mesh to look at: {}", shot.no_cluster),
                 fmt::format("{}\n  a mesh on this machine: marty service-mesh up --service {} --mesh {}",
                             next_, service_.name, service_.mesh)};
  }

 private:
  Status look_at_cluster(StatusShot& shot) {
    auto& kubectl = session_.kubectl();
    rollout::Evidence evidence;
    evidence.service = service_.name;
    evidence.ns = service_.ns;
    evidence.mesh = service_.mesh;
    evidence.target_version = service_.target_version;
    evidence.kubectl = kubectl.shown();
    evidence.apply = "marty service-mesh apply-policies " + service_.words;
    evidence.wanted = service_.wanted;
    auto gathered = cluster::gather(kubectl, evidence, [this](const std::string& line) { busy(line); });
    if (!gathered) {
      if (gathered.error().code == ErrorCode::kInterrupted) return gathered;
      shot.no_cluster = std::move(gathered.error().text);
      next_ = std::move(gathered.error().next);
      return ok();
    }
    auto target = cluster::target(kubectl);
    shot.cluster = target ? std::move(*target) : cluster::Target{};
    shot.checks = rollout::evaluate(evidence);
    return ok();
  }

  Status look_here(StatusShot& shot) {
    const auto admin = arguments_.text(kAdmin);
    const auto page = [&](const std::string& path) {
      return local::read_admin_page(session_.loop(), admin, path, [this] { return session_.interrupted(); });
    };
    auto metrics = page("/stats/prometheus");
    if (!metrics)
      return metrics.error().code == ErrorCode::kInterrupted ? Status(std::move(metrics.error())) : ok();
    if (before_.counters.empty()) {
      busy("counting for a second");
      before_ = {io::now(), rollout::read_counters(*metrics)};
      session_.kubectl().pause(kRateSpan);
      metrics = page("/stats/prometheus");
      if (!metrics) return ok();
    }
    Sample now{io::now(), rollout::read_counters(*metrics)};
    shot.local = admin;
    shot.local_ready = static_cast<bool>(page("/ready"));
    const double seconds = std::chrono::duration<double>(now.at - before_.at).count();
    shot.rates = rollout::rates(before_.counters, now.counters, seconds);
    before_ = std::move(now);
    return ok();
  }

  /// A screen that is redrawn has no place for it.
  void busy(const std::string& line) {
    if (!arguments_.given(kWatch)) session_.busy(line);
  }

  const Arguments& arguments_;
  World& world_;
  ClusterSession& session_;
  const ClusterService& service_;
  Sample before_;
  std::string next_;
};

Symbols symbols_of(const World& world) {
  if (!world.env("NO_COLOR").empty()) return Symbols::kPlain;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto locale = world.env(name);
    if (locale.empty()) continue;
    const bool utf8 = locale.find("UTF-8") != locale.npos || locale.find("utf8") != locale.npos;
    return utf8 ? Symbols::kUnicode : Symbols::kPlain;
  }
  return Symbols::kPlain;
}

std::string summary(const StatusShot& shot) {
  return fmt::format("{} fine, {} warnings, {} failed\n", shot.count(rollout::Level::kOk),
                     shot.count(rollout::Level::kWarning), shot.count(rollout::Level::kFailed));
}

int exit_code_of(const StatusShot& shot) {
  const bool failed = shot.count(rollout::Level::kFailed) > 0 || (shot.local && !shot.local_ready);
  return failed ? exit_code::kFindings : exit_code::kClean;
}

/// The whole frame in one write, each line cleared only to its right: nothing flickers.
std::string frame(const std::string& text) {
  std::string out = "\x1b[H";
  for (const char c : text) out += c == '\n' ? std::string("\x1b[K\n") : std::string(1, c);
  return out + "\x1b[J";
}

int watch(Watcher& watcher, ClusterSession& session, World& world, bool json) {
  const bool screen = world.terminal.out && !json;
  if (screen) world.out("\x1b[2J");
  for (;;) {
    auto shot = watcher.look();
    if (session.interrupted()) return exit_code::kInterrupted;
    if (!screen) {
      if (!shot) return fail(world, shot.error());
      world.out(status_json(*shot, true));
    } else if (shot) {
      const auto now = io::iso8601(io::wall_now());
      world.out(frame(
          fmt::format("{}  {}{}", now, summary(*shot), status_table(*shot, symbols_of(world), world.color))));
    } else {
      world.out(frame(fmt::format("{}\n{}\n", shot.error().text, shot.error().next)));
    }
    session.kubectl().pause(kTick);
    if (session.interrupted()) return exit_code::kInterrupted;
  }
}

int run(const Arguments& arguments, World& world) {
  if (!arguments.given(kService) && !arguments.given(kFile))
    return usage_error(world, "status needs --service NAME or --file FILE");
  SourceMap sources;
  auto service = cluster_service(world, arguments, sources);
  if (!service) return fail(world, service.error());
  auto session = ClusterSession::start(world, arguments);
  if (!session) return fail(world, session.error());
  Watcher watcher(arguments, world, **session, *service);
  const bool json = arguments.text(kFormat) == "json";
  if (arguments.given(kWatch)) return watch(watcher, **session, world, json);
  auto shot = watcher.look();
  (*session)->busy("");
  if (!shot) return fail(world, shot.error());
  world.out(json ? status_json(*shot, false) : status_table(*shot, symbols_of(world), world.color));
  if (!json) world.err(summary(*shot));
  return exit_code_of(*shot);
}

}  // namespace

const Command status{
    .name = "status",
    .group = Group::kCluster,
    .summary = "how a service's mesh is doing, in the cluster and on this machine",
    .examples =
        "marty service-mesh status --service petstore-domain --mesh istio   # what is wrong, and how to mend "
        "it\n"
        "marty service-mesh status --service petstore-domain --watch        # again and again\n"
        "marty service-mesh status --service petstore-domain -o json        # for a pipeline: exit 1 when it "
        "fails\n"
        "marty service-mesh status --service pets --manifests ./k8s --context staging\n",
    .flags = kFlags,
    .run = run,
};

}  // namespace marty::cli::commands
