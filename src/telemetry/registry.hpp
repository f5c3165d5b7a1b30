#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/histogram.hpp"
#include "telemetry/metric_table.hpp"

namespace marty::telemetry {

/// The metric series of one sidecar. One thread. A series is made the first time its label values are asked
/// for; its reference stays valid as long as the registry, so hot paths keep it. Looking an existing one up
/// allocates nothing.
class Registry {
 public:
  using Labels = std::span<const std::string_view>;
  static constexpr std::size_t kSeriesMax = 10'000;
  static constexpr std::size_t kLabelValueMax = 256;  ///< bytes; longer values are cut

  /// Beyond `series_max` series a new one is not made: its values go to the metric's overflow series, whose
  /// label values are all "overflow", and marty_metric_series_overflow_total counts.
  explicit Registry(std::size_t series_max = kSeriesMax);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// `values` in the order of the metric's labels, exactly as many. Asking with the wrong type is a bug.
  std::uint64_t& counter(MetricId, Labels values);
  std::int64_t& gauge(MetricId, Labels values);
  Histogram& histogram(MetricId, Labels values);

  std::size_t series() const { return series_.size(); }
  /// Text exposition 0.0.4, families by name and series by label values.
  std::string prometheus() const;

  struct Series {
    MetricId id{};
    std::string key;            ///< label values, each behind its length
    std::uint64_t counter = 0;  ///< of the three, the one the metric's type names is in use
    std::int64_t gauge = 0;
    std::unique_ptr<Histogram> histogram;
  };
  const std::deque<Series>& all() const { return series_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    Series* series = nullptr;
  };
  Series& find_or_make(MetricId, MetricType, Labels values);
  Slot& slot_for(std::uint64_t hash, MetricId, Labels values);
  Series& make(Slot&, std::uint64_t hash, MetricId, Labels values);
  Series& overflow(MetricId);
  void grow();

  std::deque<Series> series_;
  std::vector<Slot> slots_;        ///< open addressing, a power of two, at most half full
  std::vector<Series*> overflow_;  ///< by metric
  std::size_t series_max_;
};

/// Label values of a series, in order.
std::vector<std::string_view> label_values(const Registry::Series&);

/// One of several registries on a page. `value` is that of the extra label ("petstore-domain-v1-0").
struct NamedRegistry {
  std::string_view value;
  const Registry* registry = nullptr;
};

/// Several registries as one page. Each series gets `extra_label` (say "pod") in front; with none, series
/// with equal labels are added up.
std::string render(std::span<const NamedRegistry>, std::string_view extra_label = {});

}  // namespace marty::telemetry
