#pragma once

#include <array>
#include <map>
#include <string>

#include "core/time.hpp"
#include "petstore/store.hpp"

namespace marty::petstore {

/// Counts and times answers for Prometheus. Label values come from fixed sets, so a hostile client cannot
/// grow it.
class RequestMetrics {
 public:
  void count(std::string_view method, std::string_view route, int status, Duration took);
  void count_store_failure() { ++store_failures_; }
  /// Text exposition format 0.0.4. `pets` is empty when the store could not be asked.
  std::string expose(const std::optional<PetCounts>& pets, std::string_view version_label) const;

 private:
  struct Key {
    std::string_view method, route;
    int status;
    auto operator<=>(const Key&) const = default;
  };
  /// Seconds; an answer from memory takes some 20 µs, one that waits for another writer up to a second.
  static constexpr std::array kBounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                         0.025,  0.05,    0.1,    0.25,  0.5,    1.0,   2.5};
  struct Histogram {
    std::array<std::uint64_t, kBounds.size() + 1>
        counts{};  ///< each bucket alone; the last is above all bounds
    double sum_seconds = 0;
  };

  std::map<Key, std::uint64_t> requests_;
  std::map<std::string_view, Histogram> durations_;
  std::uint64_t store_failures_ = 0;
};

}  // namespace marty::petstore
