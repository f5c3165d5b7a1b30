#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>

#include "core/origin.hpp"
#include "core/time.hpp"

namespace marty::telemetry {

/// One kind of decision about a call, in the rough order of a call's life. The comment says what a step's `a`
/// and `b` mean; indices are into the program the call ran under. Times in a and b end at 2^32-1.
enum class StepKind : std::uint8_t {
  // Inbound: may this come in?
  kMtlsRequired,           ///< a: the mode in force (policy::MtlsMode); the peer presented a certificate
  kPlaintextAccepted,      ///< a: the mode in force
  kPlaintextRefused,       ///< a: the mode in force; the connection is closed without an answer
  kPeerIdentity,           ///< a: 1 when the peer is authenticated, else 0
  kRateLimitPassed,        ///< a: whole tokens left, b: burst
  kRateLimited,            ///< a: burst, b: milliseconds until the next token
  kRateLimitNotEnforced,   ///< a: burst; no token left, but only counted
  kAuthorizationAllowed,   ///< a: policy index, b: rule index
  kAuthorizationDenied,    ///< a: policy index of the DENY, kNone when no ALLOW matched; b: rule index
  kAuthorizationNotAsked,  ///< no ALLOW policy covers the workload
  kForwardedToApp,         ///< a: the application's port
  kInvalidPolicy,          ///< a policy that could not be decoded refuses the call; a: status
  kPathRefused,            ///< the path holds a NUL; a: status
  // Outbound: where to, and under which terms?
  kNoVirtualHost,      ///< no host of that name and port
  kNoRoute,            ///< a: virtual host index; routes exist, none matches
  kRouteMatched,       ///< a: virtual host index, b: route index; origin: the match block
  kDirectResponse,     ///< a: status
  kRedirected,         ///< a: status
  kDestinationChosen,  ///< a: cluster index, b: its share in hundredths of a percent
  kNoCluster,          ///< a: destination index; the subset is not defined
  kFaultDelay,         ///< a: milliseconds, b: share in parts per million
  kFaultAbort,         ///< a: status, b: share in parts per million
  kFaultNotDrawn,      ///< a: 0 delay, 1 abort; b: share in parts per million
  kTimeoutSet,         ///< a: milliseconds for the whole call
  kPerTryTimeoutSet,   ///< a: milliseconds for each try
  // Each try.
  kEndpointPicked,      ///< a: cluster index, b: endpoint index
  kNoHealthyEndpoint,   ///< a: cluster index, b: endpoints it has
  kPanic,               ///< a: healthy endpoints, b: all endpoints; too few are healthy, so all are used
  kConnectionOverflow,  ///< a: connections open, b: limit; the call waits
  kQueued,              ///< a: calls waiting, b: limit
  kPendingOverflow,     ///< a: calls waiting, b: limit
  kRequestOverflow,     ///< a: requests active, b: limit
  kTryStarted,          ///< a: try number from 1, b: endpoint index
  kTryResponse,         ///< a: try number, b: status
  kTryFailed,           ///< a: try number, b: policy::TryFailure
  kNoEndpointReady,     ///< a: cluster index, b: endpoints it has; every breaker is open, the call waits
  kFailFast,            ///< a: cluster index, b: milliseconds it waited; 504
  kLoadShed,            ///< a: cluster index; no backend is ready and nobody waits any more: 503
  kResponseTimeout,     ///< a: try number, b: milliseconds; the response was not complete in time
  kPerTryTimeout,       ///< a: try number, b: milliseconds
  kRetryScheduled,      ///< a: number of the retry from 1, b: microseconds to wait
  kNotRetriable,        ///< a: try number, b: status, 0 when there was no answer
  kRetryRefused,        ///< a: retries active, b: limit (max_retries)
  kRetriesExhausted,    ///< a: retries allowed
  kRetriesForgone,      ///< a: bytes of the body kept; it grew too large to be sent again
  kRetryBudgetEmpty,    ///< the service's retry budget is used up
  kRetryHasNoBackend,   ///< no backend is ready for another try
  kRouteTimeout,        ///< a: milliseconds
  // What the call did to the endpoints.
  kEndpointEjected,   ///< a: endpoint index, b: failures * 256 + policy::OutlierDetection::Cause
  kEndpointReturned,  ///< a: endpoint index
  kEjectionOverflow,  ///< a: endpoint index, b: max_ejection_percent; it would have been ejected
  kBreakerOpened,     ///< a: endpoint index, b: failures in a row; 0: the success rate was too low
  kBreakerProbe,      ///< a: endpoint index; its time is over and this call probes it
  kBreakerReopened,   ///< a: endpoint index, b: milliseconds; the probe failed
  kBreakerClosed,     ///< a: endpoint index; the probe succeeded
  // How it ended.
  kResponded,     ///< a: status, b: 1 when the answer is our own
  kReset,         ///< the response was under way and was cut
  kClientGone,    ///< a: status sent so far, 0: none
  kStepsDropped,  ///< a: how many steps did not fit
};
inline constexpr std::size_t kStepKinds = static_cast<std::size_t>(StepKind::kStepsDropped) + 1;
inline constexpr std::uint32_t kNone = UINT32_MAX;

struct Step {
  StepKind kind = StepKind::kStepsDropped;
  Origin origin;  ///< the manifest line that made it so
  std::uint32_t a = 0, b = 0;
  Duration at{};  ///< since the call began
};
static_assert(sizeof(Step) <= 32 && std::is_trivially_copyable_v<Step>);

/// The decisions of one call. Fixed memory: the step that does not fit turns the last slot into
/// kStepsDropped.
class Trace {
 public:
  static constexpr std::size_t kCapacity = 32;

  Trace() = default;
  Trace(const Trace& other) { *this = other; }
  Trace& operator=(const Trace&);  ///< copies the steps in use only

  void add(const Step& step) {
    if (size_ < kCapacity) {
      steps_[size_++] = step;
    } else {
      drop(step);
    }
  }
  void add(StepKind kind, Origin origin, Duration at, std::uint32_t a = 0, std::uint32_t b = 0) {
    add({kind, origin, a, b, at});
  }
  void clear() { size_ = 0; }
  std::span<const Step> steps() const { return {steps_.data(), size_}; }
  /// The last step of that kind, or nullptr.
  const Step* last(StepKind) const;

 private:
  void drop(const Step&);
  std::array<Step, kCapacity> steps_;
  std::size_t size_ = 0;
};

}  // namespace marty::telemetry
