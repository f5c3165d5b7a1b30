#include "monitoring/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "mesh/share.hpp"
#include "monitoring/alert_texts.hpp"

namespace marty::monitoring {

using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

/// Builds the groups of one service on one mesh.
class Author {
 public:
  Author(const PolicyFile& file, MeshKind mesh) : file_(file), mesh_(mesh), signals_(signals(file, mesh)) {}

  RuleGroup traffic() const {
    RuleGroup group = begin("traffic", "How the service does. Every rate is of one side of the mesh only.");
    const auto& s = signals_;
    const auto answered = sum(s.answered.rate(kRateWindow));
    add(group, kRequestRate, answered, "Server's side: answers per second of the service's own sidecars.");
    add(group, kErrorRate, or_zero(sum(s.failed.rate(kRateWindow)), answered),
        "Of these the errors; 0 while there never was one.");
    add(group, kP99, fmt::format("histogram_quantile(0.99, {}) >= 0", sum(s.latency.rate(kRateWindow), "le")),
        "Without traffic a quantile is NaN, which is not >= 0: nothing is recorded.");
    const auto by_caller = [&](const Selector& what) {
      return sum(name_caller(what.rate(kRateWindow)), "caller");
    };
    add(group, kCallRate, by_caller(s.called),
        "Callers' side: what their applications got, retries done. Faults injected on purpose are left out.");
    add(group, kSuccessRate, or_zero(by_caller(s.succeeded), by_caller(s.called)),
        "Of these what was no failure; a call that never reached the service is none of its errors, but "
        "fails.");
    error_rate(group);
    success(group);
    latency(group);
    return group;
  }

  RuleGroup breakers() const {
    RuleGroup group =
        begin("breakers", mesh_ == MeshKind::kIstio
                              ? "Measured in the callers' sidecars, which export it only when "
                                "their pods ask for it\n(proxyStatsMatcher, see monitoring.yaml)."
                              : "Measured in the callers' proxies: failure accrual keeps an "
                                "endpoint pending.");
    for (const auto& breaker : signals_.breakers) {
      const auto open =
          fmt::format("label_replace({}, \"to\", \"$1\", \"{}\", \"{}\") > bool 0",
                      breaker.gauge.highest("30s"), signals_.breaker_target, signals_.breaker_pattern);
      Rule& rule = add(group, kBreakers,
                       fmt::format("max by (caller, to) (label_join({}, \"caller\", \"/\", \"namespace\", "
                                   "\"pod\"))",
                                   open),
                       "");
      rule.labels.emplace_back("limit", breaker.limit);
    }
    const auto& wanted = file_.observability.alerts.breaker_open;
    if (wanted)
      alert(group, breaker_open_text(file_, mesh_), recorded(kBreakers, file_, mesh_) + " > 0", *wanted->hold,
            "warning");
    return group;
  }

  RuleGroup objective() const {
    const auto& slo = *file_.observability.slo;
    RuleGroup group = begin(
        "objective",
        fmt::format("The objective: {} of the calls succeed, over {}. Alerts tell how fast what may fail "
                    "is being used up.",
                    *slo.availability, *slo.window));
    const double budget = 1 - *mesh::parse_share(*slo.availability);
    record_windows(group, slo, budget, failed_calls, [&](const std::string& window) {
      return "1 - " + share(sum(signals_.succeeded.rate(window)), sum(signals_.called.rate(window)));
    });
    burn(group, slo, budget, failed_calls, budget_text);
    if (!slo.latency) return group;
    const double slow_budget = 1 - *mesh::parse_share(*slo.latency->share);
    // Prometheus 3 stores the bound 500 as "500.0".
    const auto quick = signals_.latency.like("le", fmt::format("{}([.]0)?", *slo.latency->below / 1ms));
    const auto all = signals_.latency.is("le", "+Inf");
    record_windows(group, slo, slow_budget, slow_answers, [&](const std::string& window) {
      return "1 - " + share(sum(quick.rate(window)), sum(all.rate(window)));
    });
    burn(group, slo, slow_budget, slow_answers, latency_budget_text);
    return group;
  }

 private:
  using NameOf = std::string (*)(std::string_view);

  RuleGroup begin(std::string_view topic, std::string why) const {
    return {fmt::format("{}.{}.{}", *file_.name, to_string(mesh_), topic), kRuleInterval, std::move(why), {}};
  }

  std::string name_caller(const std::string& expression) const {
    const auto comma = signals_.caller_labels.find(", ");
    return fmt::format("label_join({}, \"caller\", \"/\", \"{}\", \"{}\")", expression,
                       signals_.caller_labels.substr(0, comma), signals_.caller_labels.substr(comma + 2));
  }

  Rule& add(RuleGroup& group, std::string_view record, std::string expression, std::string why) const {
    return group.rules.emplace_back(Rule{std::string(record),
                                         "",
                                         std::move(expression),
                                         {},
                                         recorded_labels(file_, mesh_),
                                         {},
                                         std::move(why)});
  }

  /// What the expression's series carry already (service, namespace, mesh, caller) is the alert's as well.
  Rule& alert(RuleGroup& group, const AlertText& text, std::string expression, Duration hold,
              const std::string& severity) const {
    return group.rules.emplace_back(Rule{
        "", text.name, std::move(expression), hold, {{"severity", severity}}, text.annotations, text.why});
  }

  void error_rate(RuleGroup& group) const {
    const auto& wanted = file_.observability.alerts.error_rate;
    if (!wanted) return;
    alert(group, error_rate_text(file_, mesh_),
          fmt::format("{}\n / ({} > 0)\n > {:.6g}", recorded(kErrorRate, file_, mesh_),
                      recorded(kRequestRate, file_, mesh_), *mesh::parse_share(*wanted->above)),
          *wanted->hold, "critical");
  }

  void success(RuleGroup& group) const {
    const auto& wanted = file_.observability.alerts.success;
    if (!wanted) return;
    alert(group, success_text(file_, mesh_),
          fmt::format("{}\n / ({} > 0)\n < {:.6g}", recorded(kSuccessRate, file_, mesh_),
                      recorded(kCallRate, file_, mesh_), *mesh::parse_share(*wanted->below)),
          *wanted->hold, "critical");
  }

  void latency(RuleGroup& group) const {
    const auto& wanted = file_.observability.alerts.p99;
    if (!wanted) return;
    alert(group, latency_text(file_, mesh_),
          fmt::format("{} > {}", recorded(kP99, file_, mesh_), *wanted->above / 1ms), *wanted->hold,
          "warning");
  }

  template <class Expression>
  void record_windows(RuleGroup& group, const PolicyFile::Slo& slo, double budget, NameOf name,
                      Expression expression) const {
    std::vector<std::pair<Duration, std::string>> windows;
    for (const auto& pair : burn_pairs(slo, budget)) {
      windows.emplace_back(pair.short_span, pair.short_window);
      windows.emplace_back(pair.long_span, pair.long_window);
    }
    std::ranges::sort(windows);
    windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
    for (const auto& [span, window] : windows) add(group, name(window), expression(window), "");
  }

  using TextOf = AlertText (*)(const PolicyFile&, MeshKind, std::string_view window);
  void burn(RuleGroup& group, const PolicyFile::Slo& slo, double budget, NameOf name, TextOf text) const {
    for (const auto& pair : burn_pairs(slo, budget)) {
      const auto above = [&](const std::string& window) {
        return fmt::format("{} > {:.6g}", recorded(name(window), file_, mesh_), pair.factor * budget);
      };
      Rule& rule =
          alert(group, text(file_, mesh_, pair.long_window),
                above(pair.long_window) + "\n and " + above(pair.short_window), pair.hold, pair.severity);
      rule.labels.emplace_back("window", pair.long_window);
      rule.why =
          fmt::format("Failures come {:.3g} times as fast as the objective bears, over {} and still over {}.",
                      pair.factor, pair.long_window, pair.short_window);
    }
  }

  const PolicyFile& file_;
  MeshKind mesh_;
  Signals signals_;
};

}  // namespace

std::string failed_calls(std::string_view window) {
  return fmt::format("service:calls_failed:ratio_rate{}", window);
}
std::string slow_answers(std::string_view window) {
  return fmt::format("service:answers_slow:ratio_rate{}", window);
}

Labels recorded_labels(const PolicyFile& file, MeshKind mesh) {
  return {{"mesh", std::string(to_string(mesh))}, {"namespace", *file.ns}, {"service", *file.service.name}};
}

std::string recorded(std::string_view record, const PolicyFile& file, MeshKind mesh) {
  std::string labels;
  for (const auto& [label, value] : recorded_labels(file, mesh))
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", label, value);
  return fmt::format("{}{{{}}}", record, labels);
}

std::vector<BurnPair> burn_pairs(const PolicyFile::Slo& slo, double budget) {
  const Duration window = 24h * std::stoi(*slo.window);
  // Two percent of the budget in an hour and five in six are worth waking somebody.
  const struct {
    Duration span, short_span;
    double spent;
    std::string_view severity;
    Duration hold;
  } kTable[] = {{1h, 5min, 0.02, "critical", 2min},
                {6h, 30min, 0.05, "critical", 2min},
                {24h, 2h, 0.10, "warning", 15min},
                {72h, 6h, 0.10, "warning", 15min}};
  std::vector<BurnPair> pairs;
  for (const auto& row : kTable) {
    const double factor = row.spent * static_cast<double>(window / 1h) / static_cast<double>(row.span / 1h);
    if (factor < 1 || factor * budget >= 1) continue;
    pairs.push_back({prom_duration(row.span), prom_duration(row.short_span), factor,
                     std::string(row.severity), row.hold, row.span, row.short_span});
  }
  return pairs;
}

std::vector<RuleGroup> rule_groups(const PolicyFile& file, MeshKind mesh) {
  const Author author(file, mesh);
  std::vector<RuleGroup> groups{author.traffic(), author.breakers()};
  if (file.observability.slo) groups.push_back(author.objective());
  return groups;
}

}  // namespace marty::monitoring
