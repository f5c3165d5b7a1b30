#include "telemetry/histogram.hpp"

#include <numeric>

#include "core/assert.hpp"

namespace marty::telemetry {

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds) {
  MARTY_ASSERT(bounds.size() <= kBoundsMax);
}

void Histogram::add(const Histogram& other) {
  MARTY_ASSERT(bounds_.data() == other.bounds_.data());
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  sum_ += other.sum_;
}

std::uint64_t Histogram::count() const {
  return std::accumulate(buckets_.begin(), buckets_.end(), std::uint64_t{0});
}

}  // namespace marty::telemetry
