#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "telemetry/metric_table.hpp"

/// PromQL written from the metric table.
namespace marty::monitoring {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// A selector of one metric's series; a value. Name and labels are the metric table's or what our monitors
/// add (added_labels): a label the metric does not have is our own mistake and asserts, so no expression can
/// ask for what the mesh never exports.
class Selector {
 public:
  /// Of a histogram its buckets.
  explicit Selector(telemetry::MetricId);

  [[nodiscard]] Selector is(std::string_view label, std::string_view value) const;
  [[nodiscard]] Selector is_not(std::string_view label, std::string_view value) const;
  /// Regular expressions, anchored at both ends as all of Prometheus'. Use [|] and [.] rather than
  /// backslashes: the text goes through YAML and JSON.
  [[nodiscard]] Selector like(std::string_view label, std::string_view pattern) const;
  [[nodiscard]] Selector unlike(std::string_view label, std::string_view pattern) const;

  std::string text() const;
  /// Growth per second; of counters and histograms only. `window` such as "1m" or "$__rate_interval".
  std::string rate(std::string_view window) const;
  /// The largest value in a window; of gauges only.
  std::string highest(std::string_view window) const;
  /// One series that it selects, for a test: the labels it demands, and `labels` for those it only limits.
  std::string series(const Labels& labels) const;

  telemetry::MetricId id() const { return id_; }

 private:
  struct Matcher {
    std::string label, op, value;
  };
  Selector with(std::string_view label, std::string_view op, std::string_view value) const;
  std::string name() const;

  telemetry::MetricId id_;
  std::vector<Matcher> matchers_;
};

/// Labels that our PodMonitors put on every series of a pod: its labels app and version, and for Linkerd,
/// whose series do not name their own workload, that.
std::span<const std::string_view> added_labels();

/// "sum(…)", or "sum by (labels) (…)".
std::string sum(std::string_view expression, std::string_view by = {});
/// `part` as a share of `whole`, both sums by the same labels. Nothing, rather than NaN, where nothing
/// happens; 0, rather than nothing, where no series of the part has ever been made.
std::string share(const std::string& part, const std::string& whole);
/// `part`, or 0 where there is none but `whole` has a series.
std::string or_zero(const std::string& part, const std::string& whole);

/// As Prometheus and its operator spell them: "90s", "2m", "30d".
std::string prom_duration(Duration);

}  // namespace marty::monitoring
