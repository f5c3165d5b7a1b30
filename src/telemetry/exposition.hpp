#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "telemetry/metric_table.hpp"

namespace marty::telemetry {

/// Writes Prometheus' text exposition format, version 0.0.4, family by family. Names are the caller's to get
/// right; label values may be anything.
class Exposition {
 public:
  /// Begins a family; what follows belongs to it. `help` is one line.
  void family(std::string_view name, MetricType type, std::string_view help);
  /// `labels` as `labels()` writes them; empty: none.
  template <class Number>
  void sample(std::string_view labels, Number value) {
    line("", labels, fmt::format("{}", value));
  }
  /// `counts` of each bucket alone: one per bound and one above them all.
  template <class Number>
  void histogram(std::string_view labels, std::span<const double> bounds,
                 std::span<const std::uint64_t> counts, Number sum) {
    const auto all = buckets(labels, bounds, counts);
    line("_sum", labels, fmt::format("{}", sum));
    line("_count", labels, fmt::format("{}", all));
  }

  std::string text;

 private:
  void line(std::string_view suffix, std::string_view labels, std::string_view value);
  std::uint64_t buckets(std::string_view labels, std::span<const double> bounds,
                        std::span<const std::uint64_t> counts);
  std::string family_;
};

/// Appends name="value", escaped, behind a comma where something is there already. What is no UTF-8 becomes
/// U+FFFD.
void append_label(std::string_view name, std::string_view value, std::string& out);
std::string labels(std::initializer_list<std::pair<std::string_view, std::string_view>>);

}  // namespace marty::telemetry
