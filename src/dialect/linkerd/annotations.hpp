#pragma once

#include "dialect/linkerd/parts.hpp"

/// What Linkerd reads from annotations of Services and routes, linkerd.md 2.3 and 2.4. A wrong value makes
/// Linkerd drop the whole group with no more than a line in a log (on a route, its webhook refuses it), so
/// here it is an error and the group is absent too.
namespace marty::dialect::linkerd {

/// Linkerd's annotation durations: digits and one of ms, s, m, h, d; or 0. No fractions, signs or sums.
std::optional<Duration> parse_annotation_duration(std::string_view);
/// For durations of whole milliseconds.
std::string print_annotation_duration(Duration);

/// balancer.linkerd.io/failure-accrual*, of a Service: when a client's proxy stops sending to an endpoint.
struct FailureAccrual {
  enum class Mode { kConsecutive, kUnified };
  Sourced<Mode> mode{Mode::kConsecutive};
  Sourced<std::uint32_t> max_failures{7};
  Sourced<Duration> min_penalty{1s}, max_penalty{60s};  ///< shut for min × 2ⁿ, at most max, and some jitter
  Sourced<double> jitter_ratio{0.5};                    ///< of the penalty
  // Of unified only: also trips below this share of successes.
  Sourced<double> success_rate_threshold{0.8};
  Sourced<Duration> success_rate_window{10s};
  Sourced<std::uint32_t> success_rate_min_requests{5};
  Origin origin;
};
std::optional<FailureAccrual> decode_failure_accrual(const manifest::Resource&, Diagnostics&);

/// retry.linkerd.io/*, of a Service or of a route with a Service as its parent. One set holds as a whole: a
/// route with any of these keys takes none from the Service.
struct Retries {
  struct StatusRange {
    std::uint16_t first = 0, last = 0;  ///< inclusive
    friend bool operator==(const StatusRange&, const StatusRange&) = default;
  };
  Sourced<std::vector<StatusRange>> http;  ///< empty: no status is ever retried
  Sourced<TextList> grpc;
  Sourced<std::uint16_t> limit{1};  ///< retries after the first try
  Maybe<Duration> timeout;          ///< of one try, to the response's head
  Origin origin;
};
std::optional<Retries> decode_retries(const manifest::Resource&, Diagnostics&);

/// timeout.linkerd.io/*, of the same objects.
struct Timeouts {
  Maybe<Duration> request, response, idle;
};
Timeouts decode_timeouts(const manifest::Resource&, Diagnostics&);

/// config.linkerd.io/default-inbound-policy of a Namespace or of a pod template's metadata; absent when not
/// written or wrong (a warning: Linkerd keeps its default).
Maybe<DefaultPolicy> decode_default_policy(const manifest::Node& metadata, ObjectRef, Diagnostics&);

}  // namespace marty::dialect::linkerd
