#include <fmt/format.h>

#include "rollout/checks/checks.hpp"
#include "rollout/readiness.hpp"

namespace marty::rollout::checks {

namespace {

constexpr std::size_t kFieldsShown = 3;

std::string fields_of(const Planned& object) {
  std::string out;
  for (std::size_t i = 0; i < object.changes.size() && i < kFieldsShown; ++i) {
    const auto& change = object.changes[i];
    out += fmt::format("{}{} is {}, not {}", i > 0 ? "; " : "", change.path, change.before.value_or("absent"),
                       change.after.value_or("absent"));
  }
  if (object.changes.size() > kFieldsShown)
    out += fmt::format("; and {} more", object.changes.size() - kFieldsShown);
  return out;
}

void accepted(const Evidence& evidence, const Planned& object, Report& report) {
  const auto live = evidence.survey.live.find(object.key);
  // Workloads have a section of their own.
  const auto state = object.stage == Stage::kWorkload ? Readiness{} : readiness(live->second);
  if (state.state == Readiness::State::kReady) {
    report.ok(shown(object.key), "in force");
    return;
  }
  auto& check = report.failed(shown(object.key), state.why);
  check.look = kubectl_command(evidence, "describe", object.key);
  check.mend = "name a parent and backends that exist";
}

}  // namespace

void policies(const Evidence& evidence, Report& report) {
  if (evidence.not_previewed)
    report.warning("comparison", "only with what the manifests say: " + *evidence.not_previewed).mend =
        "with permission to patch, the server itself is asked what an apply would change (it changes "
        "nothing)";
  for (const auto& object : evidence.plan.objects) {
    switch (object.action) {
      case Action::kUnchanged:
        accepted(evidence, object, report);
        break;
      case Action::kChange: {
        auto& check = report.failed(shown(object.key), "drifted: " + fields_of(object));
        check.look = evidence.apply + " --dry-run";
        check.mend = evidence.apply;
        break;
      }
      case Action::kCreate: {
        auto& check = report.failed(shown(object.key), "missing");
        check.look = kubectl_command(evidence, "get", object.key);
        check.mend = evidence.apply;
        break;
      }
      case Action::kPrune: {
        auto& check = report.warning(shown(object.key), "applied by marty once, wanted no more");
        check.look = kubectl_command(evidence, "get", object.key) + " -o yaml";
        check.mend = evidence.apply + " (removes it)";
        break;
      }
      case Action::kUnknown:
        break;
    }
  }
}

}  // namespace marty::rollout::checks
