#include <fmt/format.h>

#include <iterator>

#include "engine/linkerd_series.hpp"
#include "engine/state.hpp"

/// From a route to a response as linkerd2-proxy does it: a backend and an endpoint for each try, breakers,
/// fail-fast, retries, timeouts (linkerd.md 3.2 to 3.7).
namespace marty::engine {

using telemetry::StepKind;
using Outcome = policy::FailureAccrual::Outcome;
using Change = policy::FailureAccrual::Change;

namespace {

/// A call that waits for an endpoint looks again this often: an endpoint comes back when another call's probe
/// ends.
constexpr Duration kLookAgain = 5ms;

template <class... Values>
void say(std::string& text, fmt::format_string<Values...> format, Values&&... values) {
  text.clear();
  fmt::format_to(std::back_inserter(text), format, std::forward<Values>(values)...);
}

std::uint32_t index_of(const Call& call) {
  return static_cast<std::uint32_t>(call.cluster->cluster - call.program->clusters.data());
}

/// "logical service pets.shop:8080: route retries: backend Service.shop.pets-v1:8080".
void say_where(std::string& text, const Call& call) {
  const auto& cluster = *call.cluster->cluster;
  if (call.program->direction == Direction::kInbound)
    return say(text, "server {}", cluster.endpoints[0].address.text);
  say(text, "logical service {}: route {}: backend Service.{}.{}:{}", call.host->name, call.route->name,
      cluster.service_ns, cluster.service_name, cluster.port);
}

bool retryable(const ProgramRoute& route, int status) {
  if (route.status_retries) return policy::StatusRetry::retriable(*route.status_retries, status);
  return route.classes && *route.classes->retryable && route.classes->failed(status);
}

Origin retries_origin(const ProgramRoute& route) {
  if (route.status_retries)
    return route.status_retries->on.written() ? route.status_retries->on.origin
                                              : route.status_retries->origin;
  return route.classes ? route.classes->retryable.origin : Origin{};
}

/// What a try's failure to bring an answer is to the client.
struct Failed {
  int status;
  const char* why;
};
Failed failed(policy::TryFailure failure) {
  switch (failure) {
    case policy::TryFailure::kConnectTimeout:
      return {504, "connect timed out after 1s"};
    case policy::TryFailure::kConnectFailure:
      return {502, "Connection refused (os error 111)"};
    case policy::TryFailure::kTlsFailure:
      return {502, "TLS handshake failed"};
    case policy::TryFailure::kProtocolError:
      return {502, "invalid HTTP response"};
    default:
      return {502, "connection closed before message completed"};
  }
}

}  // namespace

void start_linkerd_try_timeouts(Call& call) {
  if (call.request_done.is_never() || call.holds != Call::Holds::kRequest) return;
  const Instant from = std::max(call.request_done, call.try_started);
  const auto& route = *call.route;
  if (route.timeouts.response) call.response_deadline = from + **route.timeouts.response;
  call.try_deadline = call.response_deadline;
  // The last permitted try may take its time.
  if (route.status_retries && route.status_retries->header_timeout && call.may_retry && call.retries_left > 0)
    call.try_deadline = std::min(call.try_deadline, from + **route.status_retries->header_timeout);
}

/// Every try draws its backend anew: one that has given up hope passes its share on.
Verdict Engine::State::choose_linkerd(Instant now, Call& call) {
  const auto& route = *call.route;
  auto& under = *call.loaded;
  const bool again = call.waited || call.tries > 0;
  if (!call.waited) {
    const auto drawn = route.split.pick_ready(split, [&](std::size_t i) {
      const auto* state = under.cluster(route.clusters[i]);
      return !state || !state->fail_fast.failing(now) || state->any_ready();
    });
    const bool none = drawn == SIZE_MAX;
    call.drawn = static_cast<std::uint32_t>(none ? 0 : drawn);
    call.cluster = under.cluster(route.clusters[call.drawn]);
    if (none) return no_endpoint(now, call, true);
  }
  if (!call.cluster) {
    note(now, call, StepKind::kNoCluster, route.cluster_origins[call.drawn], call.drawn);
    error_text = route.unusable[call.drawn];
    return answer_linkerd(call, 500, Call::Failure::kUnusableBackend);
  }
  auto& state = *call.cluster;
  const bool outbound = call.program->direction == Direction::kOutbound;
  if (outbound && (!again || route.clusters.size() > 1) && !call.waited)
    note(now, call, StepKind::kDestinationChosen, route.cluster_origins[call.drawn],
         route.clusters[call.drawn], static_cast<std::uint32_t>(route.split.percent(call.drawn) * 100 + 0.5));
  state.tick_breakers(now);
  const auto index = state.pick_fastest(now, balance);
  const auto answer = state.fail_fast.ask(now, index.has_value());
  if (!index) return no_endpoint(now, call, answer == policy::FailFast::Answer::kFail);

  call.waited = false;
  const auto& endpoint = state.cluster->endpoints[*index];
  const auto& limits = state.cluster->limits;
  call.endpoint = {
      &state, *index, state.pools[*index], &endpoint, *limits.connect_timeout, 0, *limits.idle_timeout};
  ++call.tries;
  call.try_open = true;
  call.failure = Call::Failure::kNone;
  call.last_status = 0;
  call.first_data = call.response_deadline = Instant::never();
  note(now, call, StepKind::kEndpointPicked, {}, index_of(call), *index);
  if (!state.breakers.empty() && state.breakers[*index].gate() == policy::FailureAccrual::Gate::kProbation)
    note(now, call, StepKind::kBreakerProbe, state.cluster->accrual->origin, *index);
  state.admitted(*index);
  return {};
}

/// The breakers of all endpoints are open. Whoever comes early waits for one to close, and fails with all
/// others when time is up; whoever comes later is turned away.
Verdict Engine::State::no_endpoint(Instant now, Call& call, bool failing) {
  auto& state = *call.cluster;
  const Origin origin = state.cluster->accrual ? state.cluster->accrual->origin : state.cluster->origin;
  call.endpoint = {};
  if (!failing) {
    if (!call.waited)
      note(now, call, StepKind::kNoEndpointReady, origin, index_of(call),
           static_cast<std::uint32_t>(state.cluster->endpoints.size()));
    call.waited = true;
    return wait_until(std::min(state.fail_fast.deadline(), now + kLookAgain));
  }
  say_where(error_text, call);
  if (!call.waited) {
    note(now, call, StepKind::kLoadShed, origin, index_of(call));
    error_text += ": service unavailable";
    return answer_linkerd(call, 503, Call::Failure::kLoadShed, true);
  }
  call.waited = false;
  note(now, call, StepKind::kFailFast, origin, index_of(call), in_ms(policy::FailFast::kPatience));
  if (auto retrying = linkerd_retry(now, call, call.route->status_retries.has_value())) return *retrying;
  say_where(error_text, call);
  error_text += ": service in fail-fast";
  return answer_linkerd(call, 504, Call::Failure::kFailFast, true);
}

/// Schedules the next try, or says on the call why there is none.
std::optional<Verdict> Engine::State::linkerd_retry(Instant now, Call& call, bool wanted) {
  const auto& route = *call.route;
  auto* const budget = [&]() -> policy::RetryBudget* {
    const auto host = static_cast<std::size_t>(call.host - call.program->hosts.data());
    auto& found = call.loaded->budgets[host];
    return found ? &*found : nullptr;
  }();
  if (!wanted) {
    if (budget) budget->deposit(now);
    return {};
  }
  if (!call.may_retry || call.request_done.is_never()) {
    note(now, call, StepKind::kRetriesForgone, retries_origin(route));
    return {};
  }
  const auto most = route.status_retries ? *route.status_retries->limit : 0;
  if (call.retries_left == 0) {
    count_retry(call, LinkerdRetry::kLimitExceeded);
    note(now, call, StepKind::kRetriesExhausted, route.status_retries->limit.origin, most);
    return {};
  }
  const auto ready = [&](std::uint32_t cluster) {
    auto* state = call.loaded->cluster(cluster);
    return !state || state->any_ready();
  };
  if (std::none_of(route.clusters.begin(), route.clusters.end(), ready)) {
    count_retry(call, LinkerdRetry::kOverflow);
    note(now, call, StepKind::kRetryHasNoBackend, retries_origin(route));
    return {};
  }
  if (budget && !budget->try_withdraw(now)) {
    count_retry(call, LinkerdRetry::kOverflow);
    note(now, call, StepKind::kRetryBudgetEmpty, call.host->budget->ratio.origin);
    return {};
  }
  --call.retries_left;
  count_retry(call, LinkerdRetry::kRequest);
  const auto nth = route.status_retries ? most - call.retries_left : UINT32_MAX - call.retries_left;
  const auto wait = route.status_retries ? policy::StatusRetry::backoff(nth, jitter) : Duration{};
  note(now, call, StepKind::kRetryScheduled, retries_origin(route), nth, clamped(wait / 1us));
  return wait_until(now + wait);
}

Verdict Engine::State::linkerd_response_head(Instant now, Call& call, int status) {
  call.last_status = status;
  const bool wanted = retryable(*call.route, status);
  if (call.program->direction == Direction::kOutbound) {
    // The breaker hears of it first: whether another backend is ready may depend on it.
    if (wanted) close_linkerd_try(now, call, policy::FailureAccrual::classify(status));
    if (auto again = linkerd_retry(now, call, wanted)) {
      release_try(call);
      return *again;
    }
    if (!wanted && call.tries > 1) count_retry(call, LinkerdRetry::kSuccess);
    if (!wanted && status >= 500)
      note(now, call, StepKind::kNotRetriable, retries_origin(*call.route), call.tries, clamped(status));
  }
  call.response_started = true;
  call.may_retry = false;
  call.try_deadline = call.response_deadline;
  return {};
}

Verdict Engine::State::linkerd_try_failed(Instant now, Call& call, policy::TryFailure failure) {
  const auto [status, why] = failed(failure);
  note(now, call, StepKind::kTryFailed, {}, call.tries, static_cast<std::uint32_t>(failure));
  call.last_status = status;
  call.failure = Call::Failure::kIo;
  close_linkerd_try(now, call, Outcome::kFailure);
  release_try(call);
  if (call.response_started) {
    note(now, call, StepKind::kReset, {});
    Verdict cut;
    cut.kind = Verdict::Kind::kReset;
    return cut;
  }
  const bool wanted = retryable(*call.route, status);
  if (auto again = linkerd_retry(now, call, wanted)) return *again;
  if (!wanted && call.program->direction == Direction::kOutbound)
    note(now, call, StepKind::kNotRetriable, retries_origin(*call.route), call.tries);
  say_where(error_text, call);
  if (call.endpoint.endpoint && call.program->direction == Direction::kOutbound)
    fmt::format_to(std::back_inserter(error_text), ": endpoint {}", call.endpoint.endpoint->address.text);
  fmt::format_to(std::back_inserter(error_text), ": {}", why);
  return answer_linkerd(call, status, Call::Failure::kIo, true);
}

/// Of the three times, the one that is over. Only waiting for the head of an answer is tried again.
Verdict Engine::State::linkerd_deadline(Instant now, Call& call) {
  const bool whole = now >= call.route_deadline, response = now >= call.response_deadline;
  const auto& route = *call.route;
  auto& counters = call.cluster->shared->counters;
  const char* what = "request timeout";
  Duration allowed = *route.timeout;
  if (whole) {
    ++counters.rq_timeout;
    note(now, call, StepKind::kRouteTimeout, route.timeout.origin, in_ms(allowed));
    call.failure = Call::Failure::kRequestTimeout;
  } else {
    const auto& timeout = response ? *route.timeouts.response : *route.status_retries->header_timeout;
    ++counters.rq_per_try_timeout;
    what = response ? "response stream timeout" : "response header timeout";
    allowed = *timeout;
    note(now, call, response ? StepKind::kResponseTimeout : StepKind::kPerTryTimeout, timeout.origin,
         call.tries, in_ms(allowed));
    call.failure = response ? Call::Failure::kResponseTimeout : Call::Failure::kHeadersTimeout;
  }
  call.last_status = 504;
  close_linkerd_try(now, call, Outcome::kFailure);
  release_try(call);
  call.response_deadline = Instant::never();
  if (whole) call.route_deadline = Instant::never();
  if (call.response_started) {
    note(now, call, StepKind::kReset, {});
    Verdict cut;
    cut.kind = Verdict::Kind::kReset;
    return cut;
  }
  if (!whole && !response)
    if (auto again = linkerd_retry(now, call, true)) return *again;
  say_where(error_text, call);
  fmt::format_to(std::back_inserter(error_text), ": timed out waiting for response headers: {}: {}ms", what,
                 in_ms(allowed));
  return answer_linkerd(call, 504, call.failure);
}

/// Tells the breaker, the balancer and the statistics how a try ended, once. Nothing: nobody knows.
void Engine::State::close_linkerd_try(Instant now, Call& call, std::optional<Outcome> outcome) {
  if (!std::exchange(call.try_open, false)) return;
  auto& state = *call.cluster;
  const auto index = call.endpoint.index;
  const Instant data = call.first_data.is_never() ? now : call.first_data;
  const bool sent = call.holds == Call::Holds::kRequest;
  if (sent && !state.rtts.empty()) state.rtts[index].sample(now, data - call.try_started);
  if (sent && call.program->direction == Direction::kOutbound) count_try(now, call);
  if (!outcome) return state.forgone(index);
  const auto change = state.classify(now, index, *outcome, jitter);
  if (change == Change::kNone) return;
  const auto& accrual = *state.cluster->accrual;
  const auto& breaker = state.breakers[index];
  const auto line = [&](const auto& written) { return written.written() ? written.origin : accrual.origin; };
  switch (change) {
    case Change::kTripped:
      return note(now, call, StepKind::kBreakerOpened, line(accrual.max_failures), index,
                  *accrual.max_failures);
    case Change::kTrippedByRate:
      return note(now, call, StepKind::kBreakerOpened, line(accrual.success_rate), index, 0);
    case Change::kProbeFailed:
      return note(now, call, StepKind::kBreakerReopened, line(accrual.min_penalty), index,
                  in_ms(breaker.until() - now));
    case Change::kRecovered:
      return note(now, call, StepKind::kBreakerClosed, accrual.origin, index);
    case Change::kNone:
      break;
  }
}

}  // namespace marty::engine
