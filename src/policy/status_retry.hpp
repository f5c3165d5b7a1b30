#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/origin.hpp"
#include "core/rng.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// Retries by the status of the answer, as Linkerd's retry.linkerd.io annotations mean them (linkerd.md 3.5):
/// the retryable statuses, at most `limit` retries, and a time to the response's head for every try but the
/// last permitted one. Without statuses only that time and fail-fast are retried. No method is excepted.
struct StatusRetry {
  static constexpr std::size_t kBodyBytesMax = 64 << 10;  ///< a request with a larger body is sent once

  struct Range {
    std::uint16_t from = 0, to = 0;  ///< inclusive
    friend bool operator==(const Range&, const Range&) = default;
  };
  struct Config {
    Sourced<std::uint32_t> limit{1};  ///< retries after the first try
    Sourced<std::vector<Range>> on;   ///< empty: no status
    std::optional<Sourced<Duration>> header_timeout;
    Origin origin;
    friend bool operator==(const Config& a, const Config& b) {
      return a.limit == b.limit && a.on == b.on && a.header_timeout == b.header_timeout;
    }
  };

  /// "500-599,429".
  static std::string describe(const std::vector<Range>&);

  static bool retriable(const Config&, int status);
  /// Before the n-th retry, n from 1: 25 ms doubling to 250 ms, plus up to as much again, 250 ms at most.
  static Duration backoff(std::uint32_t nth_retry, Rng&);
};

}  // namespace marty::policy
