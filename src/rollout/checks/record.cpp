#include <fmt/format.h>

#include "rollout/checks/checks.hpp"

namespace marty::rollout::checks {

void record(const Evidence& evidence, Report& report) {
  const std::string subject = "last apply-policies";
  if (!evidence.record) {
    auto& check = report.warning(subject, "none: marty has not applied this service here");
    check.mend = evidence.apply;
    return;
  }
  const auto& last = *evidence.record;
  const auto name = fmt::format("generation {}{}", last.generation, last.rollback ? " (a rollback)" : "");
  if (last.state == Record::State::kApplied) {
    report.ok(subject, fmt::format("{}, finished {}", name, last.finished));
    return;
  }
  auto& check =
      report.warning(subject, fmt::format("{} was begun {} and has not finished", name, last.started));
  check.look =
      fmt::format("{} get secret -n {} {}", evidence.kubectl, evidence.ns, record_name(evidence.service));
  check.mend = fmt::format("{} (finishes it), or with --rollback", evidence.apply);
}

}  // namespace marty::rollout::checks
