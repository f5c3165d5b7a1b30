#pragma once

#include "monitoring/signals.hpp"

namespace marty::monitoring {

/// How often sidecars are scraped, and how often rules are looked at. Rates are taken over four scrapes, so
/// that one may be lost.
constexpr Duration kScrapeInterval = 15s, kRuleInterval = 30s;
constexpr std::string_view kRateWindow = "1m";

struct Rule {
  std::string record, alert;  ///< one of them
  std::string expression;
  Duration hold{};  ///< alerts: how long it must last
  Labels labels, annotations;
  std::string why;  ///< comment for whoever reads the file
};

struct RuleGroup {
  std::string name;
  Duration interval = kRuleInterval;
  std::string why;
  std::vector<Rule> rules;
};

/// The recording rules of a service on a mesh, and the alerts its policy file asks for. What is recorded has
/// the same names and labels on every mesh, so alerts and dashboards read alike.
std::vector<RuleGroup> rule_groups(const mesh::PolicyFile&, mesh::MeshKind);

/// What every recorded series carries: service, namespace, mesh.
Labels recorded_labels(const mesh::PolicyFile&, mesh::MeshKind);
/// A recorded series of this service: `caller:requests:rate1m{…}`.
std::string recorded(std::string_view record, const mesh::PolicyFile&, mesh::MeshKind);

// Levels, metrics and operations, as the names of recorded series are made.
constexpr std::string_view kRequestRate = "service:requests:rate1m", kErrorRate = "service:errors:rate1m",
                           kP99 = "service:latency_milliseconds:p99_1m", kCallRate = "caller:requests:rate1m",
                           kSuccessRate = "caller:successes:rate1m", kBreakers = "caller:breaker_open:max30s";
std::string failed_calls(std::string_view window);  ///< "service:calls_failed:ratio_rate5m"
std::string slow_answers(std::string_view window);  ///< "service:answers_slow:ratio_rate5m"

/// One of the pairs of windows by which a budget is watched (Google's SRE workbook, chapter 5): at `factor`
/// times the rate that would just use it up, and that over both windows: the long one says it matters, the
/// short one that it still goes on.
struct BurnPair {
  std::string long_window, short_window;
  double factor = 0;
  std::string severity;
  Duration hold{};
  Duration long_span{}, short_span{};
};
/// The pairs that make sense for an objective: a factor below 1 would alert on less than the budget, and a
/// share of errors of 100 % or more cannot be exceeded. `budget` is the share of failures allowed.
std::vector<BurnPair> burn_pairs(const mesh::PolicyFile::Slo&, double budget);

}  // namespace marty::monitoring
