#include <fmt/format.h>

#include "rollout/checks/checks.hpp"

namespace marty::rollout::checks {

using manifest::Node;

namespace {

constexpr std::string_view kGroup = "monitoring.coreos.com";

std::size_t alerts_in(const Node& root) {
  std::size_t count = 0;
  const Node* groups = root.at({"spec", "groups"});
  if (!groups) return 0;
  for (const Node& group : groups->children) {
    const Node* rules = group.find("rules");
    for (std::size_t i = 0; rules && i < rules->size(); ++i)
      if (rules->children[i].find("alert")) ++count;
  }
  return count;
}

}  // namespace

void observability(const Evidence& evidence, Report& report) {
  std::size_t monitors = 0, alerts = 0, rules = 0;
  for (const std::string_view kind : {"ServiceMonitor", "PodMonitor"})
    monitors += live_of(evidence, kGroup, kind).size();
  for (const auto* rule : live_of(evidence, kGroup, "PrometheusRule")) {
    ++rules;
    alerts += alerts_in(rule->root);
  }
  const auto advise = [&](Check& check, std::string_view kinds) {
    check.look = fmt::format("{} get {} -n {}", evidence.kubectl, kinds, evidence.ns);
    check.mend = fmt::format("marty service-mesh generate-overlay --service {} --mesh {}, then {}",
                             evidence.service, evidence.mesh, evidence.apply);
  };
  if (monitors > 0)
    report.ok("monitors", fmt::format("{} present", monitors));
  else
    advise(report.warning("monitors", "none: Prometheus does not scrape this service by itself"),
           "servicemonitors,podmonitors");
  if (alerts > 0)
    report.ok("alerts", fmt::format("{} in {} PrometheusRule{}", alerts, rules, rules == 1 ? "" : "s"));
  else
    advise(report.warning("alerts", "none: nobody is told when it fails"), "prometheusrules");
}

}  // namespace marty::rollout::checks
