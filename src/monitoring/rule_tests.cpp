#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "manifest/write.hpp"
#include "mesh/share.hpp"
#include "monitoring/alert_texts.hpp"
#include "monitoring/monitoring.hpp"
#include "monitoring/rule_test_case.hpp"
#include "monitoring/rules.hpp"

/// promtool's unit tests of the rules: each alert just over and just under its limit, before and after it has
/// lasted long enough, and the cases that alerts are easily wrong about.
namespace marty::monitoring {

using mesh::MeshKind;
using mesh::PolicyFile;

namespace {

constexpr std::int64_t kPerScrape = 10'000;

std::string percent(double share) { return fmt::format("{:.4g}%", share * 100); }

/// "0+95x40": a counter that grows by as much with every sample.
std::string growing(double by, int samples = 60) { return fmt::format("0+{}x{}", std::llround(by), samples); }
std::string constant(int value, int samples = 60) { return fmt::format("{}x{}", value, samples); }

class Examiner {
 public:
  Examiner(const PolicyFile& file, MeshKind mesh)
      : file_(file), mesh_(mesh), signals_(signals(file, mesh)), groups_(rule_groups(file, mesh)) {}

  std::vector<TestCase> all() {
    recordings();
    nothing_happens();
    const auto& alerts = file_.observability.alerts;
    if (alerts.error_rate) error_rate(*mesh::parse_share(*alerts.error_rate->above));
    if (alerts.success) success(*mesh::parse_share(*alerts.success->below));
    if (alerts.error_rate && alerts.success) different_meanings();
    if (alerts.p99) latency(static_cast<double>(*alerts.p99->above / 1ms));
    if (alerts.breaker_open) breakers();
    if (file_.observability.slo) objective();
    return std::move(cases_);
  }

 private:
  TestCase& begin(std::string name, Duration interval = kScrapeInterval) {
    return cases_.emplace_back(TestCase{std::move(name), interval, {}, {}, {}});
  }

  void answers(TestCase& test, double good, double bad) const {
    test.inputs.emplace_back(signals_.answered.series(signals_.examples.answer), growing(good));
    test.inputs.emplace_back(signals_.answered.series(signals_.examples.failed_answer), growing(bad));
  }
  void calls(TestCase& test, double good, double bad, int samples = 60) const {
    test.inputs.emplace_back(signals_.called.series(signals_.examples.call), growing(good, samples));
    test.inputs.emplace_back(signals_.called.series(signals_.examples.failed_call), growing(bad, samples));
  }
  void bucket(TestCase& test, const std::string& le, double count) const {
    Labels labels = signals_.examples.slow_answer;
    labels.emplace_back("le", le);
    test.inputs.emplace_back(signals_.latency.series(labels), growing(count));
  }

  void slow_answers_in(TestCase& test, double quick, double slow) const {
    bucket(test, fmt::format("{}", *file_.observability.slo->latency->below / 1ms), quick);
    bucket(test, "+Inf", quick + slow);
  }

  const Rule& rule(std::string_view alert, std::string_view window = {}) const {
    for (const auto& group : groups_)
      for (const auto& each : group.rules)
        if (each.alert == alert && (window.empty() || each.labels.back().second == window)) return each;
    return groups_.front().rules.front();
  }

  Expected fires(const Rule& rule, Labels of_series, Labels shown) const {
    Expected expected{recorded_labels(file_, mesh_), rule.annotations};
    for (const auto& [label, value] : of_series) shown.emplace_back("$labels." + label, value);
    for (const auto& [label, value] : rule.labels) shown.emplace_back("$labels." + label, value);
    expected.labels.insert(expected.labels.end(), of_series.begin(), of_series.end());
    expected.labels.insert(expected.labels.end(), rule.labels.begin(), rule.labels.end());
    for (auto& [name, text] : expected.annotations) text = filled(text, shown);
    return expected;
  }
  static Labels share_shown(double share) { return {{"$value | humanizePercentage", percent(share)}}; }

  /// Silent while it has not lasted, then as expected.
  static void expect_after(TestCase& test, const Rule& rule, std::vector<Expected> expected) {
    if (!expected.empty()) test.alerts.push_back({rule.hold / 2, rule.alert, {}});
    test.alerts.push_back({rule.hold + 2min, rule.alert, std::move(expected)});
  }

  void error_rate(double limit) {
    const auto& tested = rule("HighErrorRate");
    for (const double factor : {1.1, 0.9}) {
      auto& test = begin(fmt::format("errors are {} the limit", factor > 1 ? "over" : "under"));
      const double bad = std::round(limit * factor * kPerScrape);
      answers(test, kPerScrape - bad, bad);
      std::vector<Expected> expected;
      if (factor > 1) expected.push_back(fires(tested, {}, share_shown(bad / kPerScrape)));
      expect_after(test, tested, std::move(expected));
    }
  }

  void success(double limit) {
    const auto& tested = rule("LowSuccessRate");
    for (const double factor : {1.1, 0.9}) {
      auto& test = begin(fmt::format("a caller's failures are {} the limit", factor > 1 ? "over" : "under"));
      const double bad = std::round((1 - limit) * factor * kPerScrape);
      calls(test, kPerScrape - bad, bad);
      std::vector<Expected> expected;
      if (factor > 1)
        expected.push_back(
            fires(tested, {{"caller", signals_.examples.caller}}, share_shown(1 - bad / kPerScrape)));
      expect_after(test, tested, std::move(expected));
    }
  }

  void different_meanings() {
    const auto& errors = rule("HighErrorRate");
    const auto& success = rule("LowSuccessRate");
    auto& cut_off = begin("calls that never reach the service are no errors of its own");
    calls(cut_off, 0, kPerScrape);
    expect_after(cut_off, success, {fires(success, {{"caller", signals_.examples.caller}}, share_shown(0))});
    expect_after(cut_off, errors, {});
    auto& hidden = begin("errors that retries hide are no failures of callers");
    answers(hidden, 0, kPerScrape);
    calls(hidden, kPerScrape, 0);
    expect_after(hidden, errors, {fires(errors, {}, share_shown(1))});
    expect_after(hidden, success, {});
  }

  void latency(double limit) {
    const auto& tested = rule("HighLatency");
    const auto bounds = telemetry::metric(signals_.latency.id()).bounds;
    const auto over = std::ranges::lower_bound(bounds, limit);
    const auto under = std::ranges::upper_bound(bounds, limit);
    if (over == bounds.end() || over + 1 == bounds.end() || under == bounds.begin()) return;
    // Two of a hundred are above a bound that is itself at or above the limit.
    auto& slow = begin("two answers in a hundred are slow");
    bucket(slow, fmt::format("{}", *over), 98);
    bucket(slow, fmt::format("{}", over[1]), 100);
    bucket(slow, "+Inf", 100);
    expect_after(
        slow, tested,
        {fires(tested, {}, {{"printf \"%.0f\" $value", fmt::format("{:.0f}", (*over + over[1]) / 2)}})});
    auto& quick = begin("one answer in two hundred is slow");
    bucket(quick, fmt::format("{}", under[-1]), 199);
    bucket(quick, "+Inf", 200);
    expect_after(quick, tested, {});
  }

  void breakers() {
    const auto& tested = rule("CircuitBreakerOpen");
    const auto& examples = signals_.examples;
    for (const auto& breaker : signals_.breakers) {
      auto& open = begin(fmt::format("{} held back for long", breaker.limit));
      open.inputs.emplace_back(breaker.gauge.series(examples.breaker), constant(1));
      const Labels of_series{
          {"caller", examples.breaker_caller}, {"limit", breaker.limit}, {"to", examples.target}};
      expect_after(open, tested, {fires(tested, of_series, {})});
      auto& brief = begin(fmt::format("{} held back for a moment", breaker.limit));
      brief.inputs.emplace_back(breaker.gauge.series(examples.breaker), "1 0x60");
      test_never(brief, tested);
    }
  }
  static void test_never(TestCase& test, const Rule& rule) {
    test.alerts.push_back({rule.hold + 30s, rule.alert, {}});
  }

  void recordings() {
    auto& test = begin("what is recorded: four requests a second, every fourth failed or slow");
    answers(test, 45, 15);
    calls(test, 45, 15);
    if (signals_.examples.uncounted_answer)
      test.inputs.emplace_back(signals_.answered.series(*signals_.examples.uncounted_answer), growing(60));
    if (signals_.examples.uncounted_call)
      test.inputs.emplace_back(signals_.called.series(*signals_.examples.uncounted_call), growing(60));
    const auto& slo = file_.observability.slo;
    if (slo && slo->latency) slow_answers_in(test, 45, 15);
    const auto value = [&](std::string_view name, Labels more, double expected) {
      Labels labels = recorded_labels(file_, mesh_);
      labels.insert(labels.end(), more.begin(), more.end());
      test.values.push_back({10min, fmt::format("round({}, 0.001)", name), {{std::move(labels), expected}}});
    };
    value(kRequestRate, {}, 4);
    value(kErrorRate, {}, 1);
    value(kCallRate, {{"caller", signals_.examples.caller}}, 4);
    value(kSuccessRate, {{"caller", signals_.examples.caller}}, 3);
    if (!slo) return;
    for (const auto& pair : burn_pairs(*slo, budget())) value(failed_calls(pair.long_window), {}, 0.25);
    if (!slo->latency) return;
    value(kP99, {}, static_cast<double>(*slo->latency->below / 1ms));  // the last bound below +Inf
    for (const auto& pair : burn_pairs(*slo, slow_budget())) value(slow_answers(pair.short_window), {}, 0.25);
  }

  void nothing_happens() {
    auto& test = begin("without traffic there is no ratio, and no alert");
    answers(test, 0, 0);
    calls(test, 0, 0);
    bucket(test, "+Inf", 0);
    for (const auto& group : groups_) {
      for (const auto& each : group.rules) {
        if (each.alert.empty()) continue;
        const bool again = !test.alerts.empty() && test.alerts.back().alert == each.alert;
        if (!again) test.alerts.push_back({10min, each.alert, {}});
      }
    }
    test.values.push_back(
        {10min, fmt::format("round({})", kRequestRate), {{recorded_labels(file_, mesh_), 0}}});
    test.values.push_back({10min, std::string(kP99), {}});
    if (file_.observability.slo) test.values.push_back({10min, failed_calls("5m"), {}});
  }

  double budget() const { return 1 - *mesh::parse_share(*file_.observability.slo->availability); }
  double slow_budget() const { return 1 - *mesh::parse_share(*file_.observability.slo->latency->share); }

  void objective() {
    const auto& slo = *file_.observability.slo;
    const auto failures = [&](TestCase& test, double good, double bad) { calls(test, good, bad); };
    for (const auto& pair : burn_pairs(slo, budget())) {
      steady("ErrorBudgetBurn", budget(), pair, failures);
      ended(pair);
      if (pair.long_span <= 1h) begun(pair);  // promtool would take minutes over days
    }
    if (!slo.latency) return;
    const auto slowness = [&](TestCase& test, double good, double bad) { slow_answers_in(test, good, bad); };
    for (const auto& pair : burn_pairs(slo, slow_budget()))
      steady("LatencyBudgetBurn", slow_budget(), pair, slowness);
  }

  /// The same share of failures all the time, just over and just under what a window bears: every window
  /// shows it.
  template <class Inputs>
  void steady(const std::string& alert, double budget, const BurnPair& at, Inputs inputs) {
    constexpr double kPerMinute = 1e6;
    for (const double factor : {1.05, 0.95}) {
      auto& test = begin(fmt::format("{}: {} what the {} window bears", alert, factor > 1 ? "over" : "under",
                                     at.long_window),
                         1min);
      const double bad = std::round(at.factor * budget * factor * kPerMinute);
      inputs(test, kPerMinute - bad, bad);
      std::vector<Expected> expected;
      for (const auto& pair : burn_pairs(*file_.observability.slo, budget))
        if (bad / kPerMinute > pair.factor * budget)
          expected.push_back(fires(rule(alert, pair.long_window), {}, share_shown(bad / kPerMinute)));
      test.alerts.push_back({20min, alert, std::move(expected)});
    }
  }

  void silent(TestCase& test, Duration at, const BurnPair& pair) const {
    test.values.push_back(
        {at,
         fmt::format("ALERTS{{alertname=\"ErrorBudgetBurn\",window=\"{}\",alertstate=\"firing\"}}",
                     pair.long_window),
         {}});
  }

  /// The long window still remembers, the short one knows better.
  void ended(const BurnPair& pair) {
    if (pair.factor * budget() > 0.4 || pair.short_span > 30min) return;
    const int n = 10;
    auto& test = begin(fmt::format("failures that ended {} ago, as the {} window sees them",
                                   pair.short_window, pair.long_window),
                       pair.short_span / n);
    test.inputs.emplace_back(signals_.called.series(signals_.examples.failed_call),
                             fmt::format("0+100x{0} {1}x{2}", n, 100 * n, n + 2));
    test.inputs.emplace_back(signals_.called.series(signals_.examples.call),
                             fmt::format("0x{0} 100+100x{1}", n, n + 1));
    silent(test, pair.short_span * 2 + pair.short_span / n, pair);
  }

  /// The short window is alarmed, the long one knows that it is little.
  void begun(const BurnPair& pair) {
    const double failing = std::min(1.0, 3 * pair.factor * budget());
    const int n = 10, clean = n * 12;
    const auto bad = std::llround(failing * 1e6), good = 1'000'000 - bad;
    auto& test = begin(fmt::format("failures that began {} ago, as the {} window sees them",
                                   pair.short_window, pair.long_window),
                       pair.short_span / n);
    test.inputs.emplace_back(signals_.called.series(signals_.examples.failed_call),
                             fmt::format("0x{} {}+{}x{}", clean, bad, bad, n));
    test.inputs.emplace_back(
        signals_.called.series(signals_.examples.call),
        fmt::format("0+1000000x{} {}+{}x{}", clean, 1'000'000LL * clean + good, good, n));
    silent(test, pair.short_span / n * (clean + n), pair);
  }

  const PolicyFile& file_;
  MeshKind mesh_;
  Signals signals_;
  std::vector<RuleGroup> groups_;
  std::vector<TestCase> cases_;
};

}  // namespace

std::string rule_tests(const PolicyFile& file, MeshKind mesh, std::string_view heading) {
  return fmt::format("{}# promtool test rules {}.rules.test.yaml\n", heading, to_string(mesh)) +
         manifest::write_yaml(
             test_file(fmt::format("{}.rules.yaml", to_string(mesh)), Examiner(file, mesh).all()));
}

}  // namespace marty::monitoring
