#pragma once

#include <array>
#include <cstdint>

#include "core/origin.hpp"
#include "core/rng.hpp"
#include "core/time.hpp"

namespace marty::policy {

/// Linkerd's circuit breaker of one endpoint in one balancer (linkerd.md 3.3). Open: failures are counted.
/// Shut: nothing is admitted for a growing while, late answers do not count. Probation: one request is
/// admitted, and the next answer of any request decides between open and shut. Nothing keeps the last
/// endpoint from being shut.
class FailureAccrual {
 public:
  enum class Mode : std::uint8_t {
    kConsecutive,  ///< trips at max_failures failures in a row; 0: never
    kUnified,      ///< as well below a success rate over a window; max_failures 0 turns the first rule off
  };
  struct Config {
    Sourced<Mode> mode{Mode::kConsecutive};
    Sourced<std::uint32_t> max_failures{7};
    Sourced<Duration> min_penalty{1s}, max_penalty{60s};
    Sourced<double> jitter_ratio{0.5};  ///< 0..100
    Sourced<double> success_rate{0.8};  ///< 0..1, strictly below it trips; 0: off
    Sourced<Duration> window{10s};
    Sourced<std::uint32_t> min_requests{5};  ///< in the window, before its rate counts
    Origin origin;
    friend bool operator==(const Config& a, const Config& b) {
      return a.mode == b.mode && a.max_failures == b.max_failures && a.min_penalty == b.min_penalty &&
             a.max_penalty == b.max_penalty && a.jitter_ratio == b.jitter_ratio &&
             a.success_rate == b.success_rate && a.window == b.window && a.min_requests == b.min_requests;
    }
  };
  enum class Gate : std::uint8_t { kOpen, kShut, kProbation };
  /// How a try ended. kLimited (HTTP 429) lowers the success rate and fails a probe, but is no failure in a
  /// row.
  enum class Outcome : std::uint8_t { kSuccess, kFailure, kLimited };
  enum class Change : std::uint8_t { kNone, kTripped, kTrippedByRate, kProbeFailed, kRecovered };

  static Outcome classify(int status) {
    return status >= 500 && status <= 599 ? Outcome::kFailure
           : status == 429                ? Outcome::kLimited
                                          : Outcome::kSuccess;
  }

  Change record(const Config&, Instant now, Outcome, Rng&);
  /// Shut becomes probation when its time is over; true when that happened.
  bool tick(Instant now);

  Gate gate() const { return gate_; }
  /// Whether a request may be sent: open, or the one of probation is still to be had.
  bool admits() const { return gate_ == Gate::kOpen || (gate_ == Gate::kProbation && !probing_); }
  void admitted() { probing_ = gate_ == Gate::kProbation; }
  /// An admitted request ended without an outcome: in probation another may be sent.
  void forgone() { probing_ = false; }
  /// End of the penalty while shut, else never.
  Instant until() const { return gate_ == Gate::kShut ? until_ : Instant::never(); }
  std::uint32_t failures() const { return failures_; }

 private:
  struct Bucket {
    std::int64_t number = -1;  ///< of the slice of time it counts
    std::uint32_t successes = 0, total = 0;
  };
  static constexpr int kBuckets = 10;

  void shut(const Config&, Instant now, Rng&);
  bool rate_too_low(const Config&, Instant now, Outcome);

  std::array<Bucket, kBuckets> window_;
  Instant until_;
  std::uint32_t failures_ = 0, penalties_ = 0;
  Gate gate_ = Gate::kOpen;
  bool probing_ = false;
};

}  // namespace marty::policy
