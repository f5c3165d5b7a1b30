#include "monitoring/alert_texts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "monitoring/monitoring.hpp"

namespace marty::monitoring {

using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

constexpr std::string_view kShareOf = "{{ $value | humanizePercentage }}";

/// "HighErrorRate" as the anchor of its heading: GitHub writes headings in lower case.
std::string anchor(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return text;
}

AlertText text(const PolicyFile& file, MeshKind mesh, std::string name, std::string summary,
               std::string description) {
  AlertText made;
  made.name = name;
  made.annotations = {{"summary", std::move(summary)},
                      {"description", std::move(description)},
                      {"runbook", fmt::format("{}#{}", runbook_path(mesh), anchor(name))},
                      {"dashboard", "/d/" + dashboard_uid(file, mesh)}};
  return made;
}

std::string proxies(MeshKind mesh, std::string_view istio, std::string_view linkerd) {
  return std::string(mesh == MeshKind::kIstio ? istio : linkerd);
}

std::string in_namespace(const PolicyFile& file, std::string_view command) {
  return fmt::format("    {} -n {}\n", command, *file.ns);
}

}  // namespace

std::string runbook_path(MeshKind mesh) { return fmt::format("service-mesh/runbook-{}.md", to_string(mesh)); }

std::string dashboard_uid(const PolicyFile& file, MeshKind mesh) {
  return fmt::format("{:.31}-{}", *file.name, to_string(mesh));
}

AlertText error_rate_text(const PolicyFile& file, MeshKind mesh) {
  const auto limit = file.observability.alerts.error_rate ? *file.observability.alerts.error_rate->above : "";
  auto made = text(file, mesh, "HighErrorRate", fmt::format("{} answers with errors", *file.service.name),
                   fmt::format("{} of its own answers are errors (limit {}). Retries may still hide it from "
                               "callers.",
                               kShareOf, limit));
  made.why =
      "Server's side: the service itself fails. Not the complement of LowSuccessRate, which sees what "
      "callers "
      "see: retries\ncan hide these errors from them, and what never reaches the service is no error here.";
  made.advice =
      "The service's own pods answer 5xx. Which version, and since when? A new version takes its share of "
      "the "
      "traffic from the\nsplit in mesh.yaml: set it back there if only that version fails.\n\n" +
      in_namespace(file, fmt::format("kubectl logs -l app={} -c {} --since=10m", *file.name, *file.name)) +
      in_namespace(file, fmt::format("kubectl get pods -l app={} -L version", *file.name));
  return made;
}

AlertText success_text(const PolicyFile& file, MeshKind mesh) {
  const auto limit = file.observability.alerts.success ? *file.observability.alerts.success->below : "";
  auto made =
      text(file, mesh, "LowSuccessRate",
           fmt::format("Calls of {{{{ $labels.caller }}}} to {} fail", *file.service.name),
           fmt::format("Only {} of its calls get an answer that is no server error (limit {}), retries "
                       "included.",
                       kShareOf, limit));
  made.why =
      "Callers' side, each caller alone: connection refused, limits, no healthy pod, timeouts and answers "
      "that "
      "never came\ncount, though the service saw none of them.";
  made.advice =
      "A caller does not get through. If HighErrorRate is silent, the way to the service is at fault, not "
      "the "
      "service: the panel\n\"Failed calls by reason\" says which way.\n\n" +
      (mesh == MeshKind::kIstio
           ? std::string(
                 "| response flag | means |\n|---|---|\n| UF | no connection: pod down, NetworkPolicy, TLS "
                 "|\n"
                 "| UH | every pod is ejected or not ready |\n| UO | a limit of the DestinationRule is "
                 "reached |\n| UT | the route's timeout |\n| NR | no route or no cluster |\n"
                 "| DC | the caller hung up first |\n\n")
           : std::string(
                 "| error | means |\n|---|---|\n| FAIL_FAST | no endpoint is ready: pods down, or all "
                 "left out by failure accrual |\n| LOAD_SHED | too many requests wait |\n"
                 "| REQUEST_TIMEOUT | the route's timeout |\n| IO, RESET | the connection broke |\n\n")) +
      in_namespace(file, fmt::format("kubectl get endpointslices -l kubernetes.io/service-name={}",
                                     *file.service.name)) +
      fmt::format("    marty service-mesh status --service {}\n", *file.name);
  return made;
}

AlertText latency_text(const PolicyFile& file, MeshKind mesh) {
  auto made =
      text(file, mesh, "HighLatency", fmt::format("{} answers slowly", *file.service.name),
           fmt::format("One answer in a hundred takes longer than {{{{ printf \"%.0f\" $value }}}} ms (limit "
                       "{} ms).",
                       file.observability.alerts.p99 ? *file.observability.alerts.p99->above / 1ms : 0));
  made.why =
      "Server's side, so neither retries nor injected delays count. Between the bounds of its buckets a "
      "quantile is a guess.";
  made.advice =
      "Compare the versions, then the number of requests: queueing looks like this. A trace shows where the "
      "time "
      "goes.\n\n" +
      in_namespace(file, fmt::format("kubectl top pods -l app={} --containers", *file.name));
  return made;
}

AlertText breaker_open_text(const PolicyFile& file, MeshKind mesh) {
  auto made = text(
      file, mesh, "CircuitBreakerOpen",
      fmt::format("{{{{ $labels.caller }}}} holds back from {} {{{{ $labels.to }}}}", *file.service.name),
      proxies(mesh,
              "Its sidecar reached a limit of the DestinationRule, or took a pod out: {{ $labels.limit }}.",
              "Its proxy has endpoints it does not use: left out by failure accrual, or not to be connected "
              "to."));
  made.why = proxies(
      mesh, "", "There is no metric of failure accrual itself: an endpoint that it leaves out is pending.");
  made.advice =
      proxies(
          mesh,
          "`limit` says what is reached: `connections`, `requests` and `pending` are `connections` in "
          "mesh.yaml (per caller's sidecar),\n`ejection` is a pod that answered too many errors in a row. "
          "The first three want more capacity or fewer calls, the last a look\nat that pod.\n\n",
          "An endpoint is pending while it is connected to, or left out after failures in a row. If its pod "
          "is ready, look at its errors.\n\n") +
      in_namespace(file, fmt::format("kubectl get pods -l app={} -o wide", *file.name));
  return made;
}

AlertText budget_text(const PolicyFile& file, MeshKind mesh, std::string_view window) {
  const auto& slo = *file.observability.slo;
  auto made = text(file, mesh, "ErrorBudgetBurn",
                   fmt::format("{} uses up its error budget too fast", *file.service.name),
                   fmt::format("{} of the calls failed over {}; the objective is {} successes over {}.",
                               kShareOf, window, *slo.availability, *slo.window));
  made.advice =
      "The objective in mesh.yaml is in danger: `critical` means within hours, `warning` within days. Stop "
      "rollouts, then look\nfor the cause as for HighErrorRate and LowSuccessRate.\n";
  return made;
}

AlertText latency_budget_text(const PolicyFile& file, MeshKind mesh, std::string_view window) {
  const auto& goal = *file.observability.slo->latency;
  auto made =
      text(file, mesh, "LatencyBudgetBurn", fmt::format("{} is slow too often", *file.service.name),
           fmt::format("{} of the answers took longer than {} ms over {}; the objective is {} within it.",
                       kShareOf, *goal.below / 1ms, window, *goal.share));
  made.advice = "As HighLatency, but measured against the objective in mesh.yaml.\n";
  return made;
}

std::string filled(std::string text, const Labels& values) {
  for (const auto& [name, value] : values) {
    const auto wanted = fmt::format("{{{{ {} }}}}", name);
    for (auto at = text.find(wanted); at != text.npos; at = text.find(wanted, at + value.size()))
      text.replace(at, wanted.size(), value);
  }
  return text;
}

std::string runbook(const PolicyFile& file, MeshKind mesh, std::string_view command) {
  const auto& o = file.observability;
  std::vector<AlertText> texts;
  if (o.alerts.error_rate) texts.push_back(error_rate_text(file, mesh));
  if (o.alerts.success) texts.push_back(success_text(file, mesh));
  if (o.alerts.p99) texts.push_back(latency_text(file, mesh));
  if (o.alerts.breaker_open) texts.push_back(breaker_open_text(file, mesh));
  if (o.slo) texts.push_back(budget_text(file, mesh, ""));
  if (o.slo && o.slo->latency) texts.push_back(latency_budget_text(file, mesh, ""));
  if (texts.empty()) return {};
  std::string out = fmt::format(
      "<!-- {} -->\n# What to do when {} alerts\n\nEvery alert's `runbook` annotation leads "
      "here. Thresholds are `observability` in mesh.yaml.\n",
      command, *file.service.name);
  for (const auto& each : texts) out += fmt::format("\n## {}\n\n{}", each.name, each.advice);
  return out;
}

}  // namespace marty::monitoring
