#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace marty::telemetry {

/// Counts of numbers (milliseconds, bytes, seconds) by upper bound, as a Prometheus histogram has them. At
/// most kBoundsMax bounds; one more bucket takes what is above them all.
class Histogram {
 public:
  static constexpr std::size_t kBoundsMax = 31;

  /// `bounds` rise and outlive the histogram (they are the metric table's).
  explicit Histogram(std::span<const double> bounds);

  void record(std::uint64_t value) { record(static_cast<double>(value), value); }
  /// For histograms of seconds: `sum` is in microseconds then.
  void record_micros(std::uint64_t micros) { record(static_cast<double>(micros) / 1e6, micros); }
  void add(const Histogram&);

  std::span<const double> bounds() const { return bounds_; }
  /// Not cumulative; one per bound and one above them.
  std::span<const std::uint64_t> buckets() const { return {buckets_.data(), bounds_.size() + 1}; }
  std::uint64_t sum() const { return sum_; }
  std::uint64_t count() const;

 private:
  void record(double value, std::uint64_t addend) {
    std::size_t bucket = 0;
    // No early exit: the compiler turns this into a handful of vector compares.
    for (const double bound : bounds_) bucket += value > bound;
    ++buckets_[bucket];
    sum_ += addend;
  }

  std::span<const double> bounds_;
  std::array<std::uint64_t, kBoundsMax + 1> buckets_{};
  std::uint64_t sum_ = 0;
};

}  // namespace marty::telemetry
