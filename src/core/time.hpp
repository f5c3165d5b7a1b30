#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace marty {

/// A span of time in whole nanoseconds. Use the std::chrono literals (`30s`, `25ms`).
using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// A point on the monotonic clock, handed in by whoever drives the code: pure modules never read a clock.
/// Only differences mean anything; `Instant::never()` sorts after every other instant.
struct Instant {
  std::int64_t ns = 0;

  static constexpr Instant never() { return {INT64_MAX}; }
  constexpr bool is_never() const { return ns == INT64_MAX; }
  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant t, Duration d) {
    return t.is_never() || d.count() > INT64_MAX - t.ns ? never() : Instant{t.ns + d.count()};
  }
  friend constexpr Duration operator-(Instant a, Instant b) { return Duration{a.ns - b.ns}; }
};

/// A point in civil time (nanoseconds since 1970-01-01T00:00:00Z), for logs and certificates only.
struct WallTime {
  std::int64_t ns = 0;
  friend constexpr auto operator<=>(WallTime, WallTime) = default;
};

}  // namespace marty
