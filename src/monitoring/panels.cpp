#include <fmt/format.h>

#include "mesh/share.hpp"
#include "monitoring/dashboard.hpp"

namespace marty::monitoring {

using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

constexpr std::string_view kWindow = "$__rate_interval";

class Painter {
 public:
  Painter(const PolicyFile& file, MeshKind mesh) : file_(file), mesh_(mesh), signals_(signals(file, mesh)) {}

  PanelRow now() const {
    PanelRow row{"Now", {}};
    const auto stat = [&](std::string title, std::string unit, std::string expression,
                          std::vector<Line> lines) {
      row.panels.push_back(
          {std::move(title), "", std::move(unit), {{std::move(expression), ""}}, std::move(lines), true});
    };
    stat("Requests", "reqps", rec(kRequestRate), {});
    stat("Errors", "percentunit", fmt::format("{} / ({} > 0)", rec(kErrorRate), rec(kRequestRate)),
         error_limit());
    stat("99th percentile", "ms", rec(kP99), latency_limit());
    stat("Over mutual TLS", "percentunit", share(rate(signals_.encrypted), rate(signals_.answered)), {});
    return row;
  }

  PanelRow service() const {
    const auto& s = signals_;
    const auto version = fmt::format("{{{{{}}}}}", s.version);
    Panel quantiles{"Duration", "All versions together.", "ms", {}, latency_limit()};
    for (const auto& [q, name] : {std::pair{"0.5", "p50"}, {"0.95", "p95"}, {"0.99", "p99"}})
      quantiles.queries.push_back({quantile(q, "le"), name});
    return {
        "The service's own answers, by version",
        {{"Requests", "", "reqps", {{rate(s.answered, s.version), version}}, {}},
         {"Errors",
          "The service's own; what callers see is below.",
          "percentunit",
          {{share(rate(s.failed, s.version), rate(s.answered, s.version)), version}},
          error_limit()},
         std::move(quantiles),
         {"99th percentile", "", "ms", {{quantile("0.99", "le, " + s.version), version}}, latency_limit()}}};
  }

  PanelRow callers() const {
    const auto failed =
        fmt::format("{} unless {}", signals_.called.rate(kWindow), signals_.succeeded.rate(kWindow));
    std::vector<Line> limit;
    if (const auto& success = file_.observability.alerts.success)
      limit.push_back({*mesh::parse_share(*success->below), true});
    std::string reasons = "{{" + signals_.reasons + "}}";
    reasons.replace(reasons.find(", "), 2, "}} {{");
    return {
        "Callers: what their applications got, retries done",
        {{"Calls", "", "reqps", {{rec(kCallRate), "{{caller}}"}}, {}},
         {"Successful calls",
          "Includes what never reached the service.",
          "percentunit",
          {{fmt::format("{} / ({} > 0)", rec(kSuccessRate), rec(kCallRate)), "{{caller}}"}},
          std::move(limit)},
         {"Failed calls by reason", "", "reqps", {{sum(failed, signals_.reasons), std::move(reasons)}}, {}}}};
  }

  PanelRow resilience() const {
    auto retries = rate(signals_.retries);
    if (signals_.first_tries) retries += " - " + rate(*signals_.first_tries);
    return {
        "Resilience",
        {{"Retries", "By callers' sidecars.", "reqps", {{std::move(retries), "retries"}}, {}},
         {"Held back",
          mesh_ == MeshKind::kIstio
              ? "A limit is reached, or a pod ejected (1: yes), seen by one caller's sidecar."
              : "Endpoints that are not used (1: some), seen by one caller's proxy.",
          "short",
          {{rec(kBreakers) + " > 0", "{{caller}} {{to}} {{limit}}"}},
          {}},
         {"Refused by the rate limit", "", "reqps", {{rate(signals_.rate_limited, "pod"), "{{pod}}"}}, {}}}};
  }

  PanelRow rollout() const {
    std::string wanted = "Asked for:";
    for (const auto& [version, weight] : file_.routing.split)
      wanted += fmt::format(" {} {} %", *version, *weight);
    return {"Rollout",
            {{"Share of each version",
              file_.routing.split.empty() ? "" : wanted,
              "percentunit",
              {{fmt::format("{} / on () group_left () ({} > 0)", rate(signals_.answered, signals_.version),
                            rate(signals_.answered)),
                fmt::format("{{{{{}}}}}", signals_.version)}},
              {}}}};
  }

  PanelRow objective() const {
    const auto& slo = *file_.observability.slo;
    const double budget = 1 - *mesh::parse_share(*slo.availability);
    PanelRow row{fmt::format("Objective: {} over {}", *slo.availability, *slo.window), {}};
    row.panels.push_back(burn("How fast the error budget burns", slo, budget, failed_calls));
    if (slo.latency) {
      row.panels.push_back(
          burn(fmt::format("How fast the budget of answers over {} ms burns", *slo.latency->below / 1ms), slo,
               1 - *mesh::parse_share(*slo.latency->share), slow_answers));
    }
    const auto shortest = burn_pairs(slo, budget).empty() ? "" : burn_pairs(slo, budget).front().short_window;
    if (!shortest.empty()) {
      row.panels.push_back({"Error budget left",
                            "Of the whole window, every five minutes weighing the same.",
                            "percentunit",
                            {{fmt::format("1 - avg_over_time({}[{}]) / {:.6g}", rec(failed_calls(shortest)),
                                          *slo.window, budget),
                              ""}},
                            {{0, true}},
                            true});
    }
    return row;
  }

 private:
  std::string rec(std::string_view name) const { return recorded(name, file_, mesh_); }
  static std::string rate(const Selector& what, std::string_view by = {}) {
    return sum(what.rate(kWindow), by);
  }
  std::string quantile(std::string_view q, std::string_view by) const {
    return fmt::format("histogram_quantile({}, {}) >= 0", q, rate(signals_.latency, by));
  }

  std::vector<Line> error_limit() const {
    const auto& wanted = file_.observability.alerts.error_rate;
    return wanted ? std::vector<Line>{{*mesh::parse_share(*wanted->above)}} : std::vector<Line>{};
  }
  std::vector<Line> latency_limit() const {
    const auto& wanted = file_.observability.alerts.p99;
    return wanted ? std::vector<Line>{{static_cast<double>(*wanted->above / 1ms)}} : std::vector<Line>{};
  }

  Panel burn(std::string title, const PolicyFile::Slo& slo, double budget,
             std::string (*name)(std::string_view)) const {
    Panel panel{std::move(title),
                "1: the budget is used up at the end of its window. Alerts fire above the lines.",
                "short",
                {},
                {}};
    const auto pairs = burn_pairs(slo, budget);
    for (auto pair = pairs.rbegin(); pair != pairs.rend(); ++pair) {
      panel.queries.push_back(
          {fmt::format("{} / {:.6g}", rec(name(pair->long_window)), budget), pair->long_window});
      panel.lines.push_back({pair->factor});
    }
    return panel;
  }

  const PolicyFile& file_;
  MeshKind mesh_;
  Signals signals_;
};

}  // namespace

std::vector<PanelRow> panel_rows(const PolicyFile& file, MeshKind mesh) {
  const Painter painter(file, mesh);
  std::vector<PanelRow> rows{painter.now(), painter.service(), painter.callers(), painter.resilience(),
                             painter.rollout()};
  if (file.observability.slo) rows.insert(rows.begin() + 1, painter.objective());
  return rows;
}

std::vector<std::string> dashboard_expressions(const PolicyFile& file, MeshKind mesh) {
  std::vector<std::string> all;
  for (const auto& row : panel_rows(file, mesh))
    for (const auto& panel : row.panels)
      for (const auto& query : panel.queries) all.push_back(query.expression);
  return all;
}

}  // namespace marty::monitoring
