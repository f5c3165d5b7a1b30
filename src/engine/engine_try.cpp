#include <charconv>

#include "engine/state.hpp"
#include "policy/ascii.hpp"

/// From a chosen cluster to a response: picks, limits, timeouts, retries and what outlier detection is told.
namespace marty::engine {

using telemetry::Flag;
using telemetry::StepKind;

namespace {

constexpr std::string_view kOverloaded = "x-envoy-overloaded", kRateLimited = "x-envoy-ratelimited";
constexpr std::uint32_t kGrpcWords = policy::Retry::kCancelled | policy::Retry::kDeadlineExceeded |
                                     policy::Retry::kInternal | policy::Retry::kResourceExhausted |
                                     policy::Retry::kUnavailable;

std::string_view value_of(std::span<const Header> headers, std::string_view name) {
  for (const auto& header : headers)
    if (policy::equals_ignoring_case(header.name, name)) return header.value;
  return {};
}

bool has(std::span<const Header> headers, std::string_view name) {
  return value_of(headers, name).data() != nullptr;
}

/// The status a gRPC server puts into the head when it sends no message; nothing for other traffic.
std::optional<int> grpc_status(const policy::Retry::Config& config, std::span<const Header> headers) {
  if ((*config.on & kGrpcWords) == 0) return std::nullopt;
  const auto text = value_of(headers, "grpc-status");
  int status = 0;
  if (text.empty() || std::from_chars(text.data(), text.data() + text.size(), status).ec != std::errc{})
    return std::nullopt;
  return status;
}

bool wants_retry(const Call& call, int status, std::span<const Header> headers) {
  if (!call.route->retries) return false;
  const auto& config = *call.route->retries;
  if (!policy::Retry::retriable(config, status, grpc_status(config, headers))) {
    return (*config.on & policy::Retry::kEnvoyRateLimited) && has(headers, kRateLimited);
  }
  if (has(headers, kOverloaded)) return false;
  return !has(headers, kRateLimited) || (*config.on & policy::Retry::kEnvoyRateLimited);
}

Origin retries_origin(const Call& call) {
  return call.route->retries ? call.route->retries->origin : Origin{};
}

void start_try_timeout(Instant now, Call& call) {
  if (call.request_done.is_never() || !call.route->retries || !call.route->retries->per_try_timeout) return;
  call.try_deadline = now + **call.route->retries->per_try_timeout;
}

/// Tells outlier detection how the try ended and notes what came of it.
template <class Report>
void tell_outliers(Instant now, Call& call, Report report) {
  auto& outliers = call.cluster->outliers;
  if (!outliers) return;
  const auto overflow = outliers->counters().overflow;
  const auto index = call.endpoint.index;
  if (const auto ejection = report(*outliers, index)) {
    call.cluster->refresh_usable();
    note(now, call, StepKind::kEndpointEjected, ejection->origin, index,
         ejection->failures * 256 + static_cast<std::uint32_t>(ejection->cause));
  } else if (outliers->counters().overflow != overflow) {
    const auto& percent = call.cluster->cluster->outliers->max_ejection_percent;
    note(now, call, StepKind::kEjectionOverflow, percent.origin, index, *percent);
  }
}

/// The answer for a try that brought none.
Verdict fail_try(Instant now, Call& call, const replies::Failed& failed) {
  call.flags.set(failed.flag);
  Verdict verdict;
  verdict.kind = Verdict::Kind::kReset;
  if (call.response_started) {
    call.details = failed.details_after_head;
    note(now, call, StepKind::kReset, {});
    return verdict;
  }
  call.details = failed.details;
  verdict.kind = Verdict::Kind::kReply;
  verdict.reply.status = failed.status;
  verdict.reply.body = call.tries > 1 ? failed.retried : failed.first;
  verdict.reply.details = failed.details;
  verdict.reply.overloaded = failed.overloaded;
  return verdict;
}

std::uint32_t index_of(const Call& call) {
  return static_cast<std::uint32_t>(call.cluster->cluster - call.program->clusters.data());
}

}  // namespace

void release_try(Call& call) {
  if (call.holds == Call::Holds::kPending) call.cluster->shared->limits.dequeued();
  if (call.holds == Call::Holds::kRequest) {
    call.cluster->shared->limits.finished();
    --call.cluster->loads[call.endpoint.index].active_requests;
  }
  call.holds = Call::Holds::kNothing;
  call.try_deadline = Instant::never();
}

Verdict Engine::choose_endpoint(Instant now, Call& call) {
  if (is_linkerd(call)) return state_->choose_linkerd(now, call);
  if (!call.cluster) return answer(call, replies::kNoCluster);
  auto& state = *call.cluster;
  const auto& endpoints = state.cluster->endpoints;
  const auto& retries = call.route->retries;
  const bool avoid = retries && retries->avoid_previous_hosts;
  const auto known = avoid ? std::min<std::size_t>(call.tries, std::size(call.tried)) : 0;
  const auto index = state.pick(state_->balance, {call.tried, known});
  if (!index) {
    call.endpoint = {};
    note(now, call, StepKind::kNoHealthyEndpoint, state.cluster->origin, index_of(call),
         static_cast<std::uint32_t>(endpoints.size()));
    return answer(call, replies::kNoHealthyUpstream);
  }
  if (state.outliers && state.outliers->panic())
    note(now, call, StepKind::kPanic, state.cluster->outliers->min_health_percent.origin,
         static_cast<std::uint32_t>(endpoints.size()) - state.outliers->counters().active,
         static_cast<std::uint32_t>(endpoints.size()));
  const auto& limits = state.cluster->limits;
  call.endpoint = {&state,
                   *index,
                   state.pools[*index],
                   &endpoints[*index],
                   *limits.connect_timeout,
                   *limits.max_requests_per_connection,
                   *limits.idle_timeout};
  call.tried[call.tries % std::size(call.tried)] = *index;
  ++call.tries;
  start_try_timeout(now, call);
  note(now, call, StepKind::kEndpointPicked, state.cluster->balancer_origin, index_of(call), *index);
  return {};
}

Verdict Engine::enqueue(Instant now, Call& call) {
  auto& limits = call.cluster->shared->limits;
  const auto& config = call.cluster->cluster->limits;
  if (!limits.try_enqueue(config)) {
    note(now, call, StepKind::kPendingOverflow, config.max_pending_requests.origin, limits.active().pending,
         *config.max_pending_requests);
    return fail_try(now, call, replies::kOverflow);
  }
  call.holds = Call::Holds::kPending;
  note(now, call, StepKind::kQueued, config.max_pending_requests.origin, limits.active().pending,
       *config.max_pending_requests);
  return {};
}

Verdict Engine::start_try(Instant now, Call& call) {
  auto& state = *call.cluster;
  auto& limits = state.shared->limits;
  const auto& config = state.cluster->limits;
  if (call.holds == Call::Holds::kPending) limits.dequeued();
  call.holds = Call::Holds::kNothing;
  if (!limits.try_start(config)) {
    note(now, call, StepKind::kRequestOverflow, config.max_requests.origin, limits.active().requests,
         *config.max_requests);
    return fail_try(now, call, replies::kOverflow);
  }
  call.holds = Call::Holds::kRequest;
  ++state.loads[call.endpoint.index].active_requests;
  ++state.shared->counters.rq_total;
  note(now, call, StepKind::kTryStarted, {}, call.tries, call.endpoint.index);
  if (is_linkerd(call)) {
    call.try_started = now;
    start_linkerd_try_timeouts(call);
  }
  return {};
}

void Engine::request_complete(Instant now, Call& call) {
  call.request_done = now;
  if (!call.route || call.response_started) return;
  if (is_linkerd(call)) return start_linkerd_try_timeouts(call);
  if (*call.route->timeout > Duration{}) call.route_deadline = now + *call.route->timeout;
  if (call.holds != Call::Holds::kNothing) start_try_timeout(now, call);
}

Verdict Engine::response_head(Instant now, Call& call, int status, std::span<const Header> headers) {
  note(now, call, StepKind::kTryResponse, {}, call.tries, clamped(status));
  if (is_linkerd(call)) return state_->linkerd_response_head(now, call, status);
  tell_outliers(now, call,
                [&](auto& outliers, auto index) { return outliers.on_response(now, index, status); });
  if (wants_retry(call, status, headers)) {
    if (auto again = state_->retry(now, call)) {
      release_try(call);
      return *again;
    }
  } else {
    if (call.tries > 1) ++call.cluster->shared->counters.rq_retry_success;
    if (status >= 500)
      note(now, call, StepKind::kNotRetriable, retries_origin(call), call.tries, clamped(status));
  }
  call.response_started = true;
  call.may_retry = false;
  call.try_deadline = Instant::never();
  return {};
}

/// Schedules the next try, or says on the call why there is none.
std::optional<Verdict> Engine::State::retry(Instant now, Call& call) {
  const auto& config = *call.route->retries;
  auto& shared = *call.cluster->shared;
  if (call.holds_retry) shared.limits.retry_finished();
  call.holds_retry = false;
  if (!call.may_retry) {
    note(now, call, StepKind::kRetriesForgone, config.origin);
    return std::nullopt;
  }
  if (call.retries_left == 0) {
    call.flags.set(Flag::kRetriesExhausted);
    ++shared.counters.rq_retry_limit_exceeded;
    note(now, call, StepKind::kRetriesExhausted, config.attempts.origin, *config.attempts);
    return std::nullopt;
  }
  const auto nth = *config.attempts - --call.retries_left;
  const auto& limits = call.cluster->cluster->limits;
  if (!shared.limits.try_retry(limits)) {
    call.flags.set(Flag::kUpstreamOverflow);
    note(now, call, StepKind::kRetryRefused, limits.max_retries.origin, shared.limits.active().retries,
         *limits.max_retries);
    return std::nullopt;
  }
  call.holds_retry = true;
  ++shared.counters.rq_retry;
  const auto delay = policy::Retry::backoff(config, nth, jitter);
  note(now, call, StepKind::kRetryScheduled, config.origin, nth, clamped(delay / 1us));
  return wait_until(now + delay);
}

Verdict Engine::try_failed(Instant now, Call& call, policy::TryFailure failure) {
  if (is_linkerd(call)) return state_->linkerd_try_failed(now, call, failure);
  if (failure == policy::TryFailure::kPerTryTimeout) {
    const auto& limit = *call.route->retries->per_try_timeout;
    note(now, call, StepKind::kPerTryTimeout, limit.origin, call.tries, in_ms(*limit));
  } else {
    note(now, call, StepKind::kTryFailed, {}, call.tries, static_cast<std::uint32_t>(failure));
  }
  tell_outliers(now, call,
                [&](auto& outliers, auto index) { return outliers.on_failure(now, index, failure); });
  release_try(call);
  const auto& retries = call.route->retries;
  if (!call.response_started) {
    if (retries && policy::Retry::retriable(*retries, failure)) {
      if (auto again = state_->retry(now, call)) return *again;
    } else {
      note(now, call, StepKind::kNotRetriable, retries_origin(call), call.tries);
    }
  }
  return fail_try(now, call, replies::failed(failure));
}

Verdict Engine::deadline_passed(Instant now, Call& call) {
  if (is_linkerd(call)) return state_->linkerd_deadline(now, call);
  auto& counters = call.cluster->shared->counters;
  if (now < call.route_deadline) {
    ++counters.rq_per_try_timeout;
    return try_failed(now, call, policy::TryFailure::kPerTryTimeout);
  }
  ++counters.rq_timeout;
  note(now, call, StepKind::kRouteTimeout, call.route->timeout.origin, in_ms(*call.route->timeout));
  if (call.holds == Call::Holds::kRequest && !call.response_started)
    tell_outliers(now, call,
                  [&](auto& outliers, auto index) { return outliers.on_route_timeout(now, index); });
  release_try(call);
  call.route_deadline = Instant::never();
  auto verdict = answer(call, replies::kRouteTimeout);
  if (call.response_started) {
    verdict.kind = Verdict::Kind::kReset;
    note(now, call, StepKind::kReset, {});
  }
  return verdict;
}

void Engine::forgo_retries(Call& call) { call.may_retry = false; }

bool Engine::open_connection(Instant, const EndpointRef& to, std::uint32_t connections) {
  auto& state = *to.cluster;
  if (!state.shared->limits.try_connect(state.cluster->limits, connections)) return false;
  ++state.shared->counters.cx_total;
  auto& owner = *state.owner;
  if (owner.connections++ == 0 && &owner != state_->loaded.get())
    state_->retired.push_back(owner.shared_from_this());
  return true;
}

void Engine::connection_ready(Instant, const EndpointRef& to) {
  if (to.cluster->outliers) to.cluster->outliers->on_connected(to.index);
}

void Engine::connection_closed(const EndpointRef& to) {
  to.cluster->shared->limits.disconnected();
  --to.cluster->owner->connections;
}

}  // namespace marty::engine
