#include <fmt/format.h>

#include "rollout/checks/checks.hpp"
#include "rollout/readiness.hpp"

namespace marty::rollout::checks {

void workloads(const Evidence& evidence, Report& report) {
  for (const std::string_view kind : {"Deployment", "StatefulSet", "DaemonSet"}) {
    for (const auto* live : live_of(evidence, "apps", kind)) {
      const auto key = key_of(*live);
      const auto state = readiness(*live);
      if (state.state == Readiness::State::kReady) {
        report.ok(shown(key), state.why);
        continue;
      }
      auto& check = report.failed(shown(key), state.why);
      check.look = kubectl_command(evidence, "describe", key);
      check.mend = kubectl_command(evidence, "logs --all-containers --tail=20", key);
    }
  }
}

}  // namespace marty::rollout::checks
