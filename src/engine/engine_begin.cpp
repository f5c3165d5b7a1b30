#include <cmath>

#include "engine/host_lookup.hpp"
#include "engine/state.hpp"

/// From a request to a route and a cluster, in the order of Envoy's filters: inbound rate limit, then
/// authorization; outbound host, route, fault (istio.md 2.1).
namespace marty::engine {

using telemetry::StepKind;

namespace {

/// As new, apart from the trace's slots, which are many and need no clearing.
void reset(Call& call, Instant now) {
  call.trace.clear();
  call.flags = {};
  call.details = "via_upstream";
  call.route = nullptr;
  call.host = nullptr;
  call.endpoint = {};
  call.tries = call.retries_left = 0;
  call.started = now;
  call.request_done = call.route_deadline = call.try_deadline = Instant::never();
  call.may_retry = call.holds_retry = call.response_started = false;
  call.cluster = nullptr;
  call.listener = nullptr;
  call.peer = nullptr;
  call.holds = Call::Holds::kNothing;
  call.abort_status = 0;
  call.replay_bytes_max = SIZE_MAX;
  call.failure = Call::Failure::kNone;
  call.try_open = call.waited = false;
  call.authorization = UINT32_MAX;
  call.limited_by = policy::ClientRateLimiter::Scope::kPassed;
  call.response_deadline = call.first_data = Instant::never();
}

}  // namespace

Verdict direct_response(Instant now, Call& call, const mesh::DirectResponse& direct) {
  note(now, call, direct.location.empty() ? StepKind::kDirectResponse : StepKind::kRedirected,
       direct.status.origin, *direct.status);
  call.details = replies::kDirectResponse;
  Verdict verdict;
  verdict.kind = Verdict::Kind::kReply;
  verdict.reply = {*direct.status, direct.body, call.details, false, direct.location, {}};
  return verdict;
}

Verdict wait_until(Instant until) {
  Verdict verdict;
  verdict.kind = Verdict::Kind::kWait;
  verdict.until = until;
  return verdict;
}

Verdict answer(Call& call, const replies::Reply& reply) {
  if (reply.flag) call.flags.set(*reply.flag);
  call.details = reply.details;
  Verdict verdict;
  verdict.kind = Verdict::Kind::kReply;
  verdict.reply.status = reply.status;
  verdict.reply.body = reply.body;
  verdict.reply.details = reply.details;
  return verdict;
}

Verdict Engine::begin(Instant now, const policy::RequestView& request, Call& call) {
  reset(call, now);
  call.program = std::shared_ptr<const Program>(state_->loaded, state_->loaded->program.get());
  call.loaded = state_->loaded.get();
  if (is_linkerd(call))
    return call.program->direction == Direction::kInbound
               ? state_->begin_linkerd_inbound(now, request, call)
               : state_->begin_linkerd_outbound(now, request, call);
  return call.program->direction == Direction::kInbound ? state_->begin_inbound(now, request, call)
                                                        : state_->begin_outbound(now, request, call);
}

Verdict Engine::State::begin_inbound(Instant now, const policy::RequestView& request, Call& call) {
  const Program& program = *call.program;
  call.listener = loaded->listeners.front();
  const bool authenticated = !request.peer_identity.empty();
  note(now, call, authenticated ? StepKind::kMtlsRequired : StepKind::kPlaintextAccepted, program.mtls.origin,
       static_cast<std::uint32_t>(*program.mtls));
  if (authenticated) {
    const auto peer = program.peers.find(request.peer_identity);
    if (peer != program.peers.end()) call.peer = &peer->second;
  }
  if (auto refused = check_rate_limits(now, call)) return *refused;
  if (auto refused = check_authorization(now, request, call)) return *refused;
  call.host = &program.hosts.front();
  enter_route(now, call, program.hosts.front().routes.front());
  note(now, call, StepKind::kForwardedToApp, {}, program.port);
  return {};
}

std::optional<Verdict> Engine::State::check_rate_limits(Instant now, Call& call) {
  using Outcome = policy::RateLimiter::Verdict;
  const auto& limits = call.program->rate_limits;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const auto& config = limits[i];
    auto& limiter = *loaded->limiters[i];
    const auto outcome = limiter.check(config, now, limit);
    const auto origin = config.bucket.max_tokens.written() ? config.bucket.max_tokens.origin : config.origin;
    const auto burst = *config.bucket.max_tokens;
    if (outcome == Outcome::kPassed)
      note(now, call, StepKind::kRateLimitPassed, origin, limiter.bucket().tokens(now), burst);
    if (outcome == Outcome::kOnlyCounted) note(now, call, StepKind::kRateLimitNotEnforced, origin, burst);
    if (outcome != Outcome::kRefused) continue;
    note(now, call, StepKind::kRateLimited, origin, burst, in_ms(limiter.bucket().until_next_token(now)));
    auto limited = answer(call, replies::kRateLimited);
    limited.reply.status = config.status;
    limited.reply.headers = config.response_headers;
    return limited;
  }
  return std::nullopt;
}

std::optional<Verdict> Engine::State::check_authorization(Instant now, const policy::RequestView& request,
                                                          Call& call) {
  const auto& policies = call.program->authorization;
  const auto decision = policy::Authorization::decide(policies, request);
  const auto index =
      decision.policy ? static_cast<std::uint32_t>(decision.policy - policies.data()) : telemetry::kNone;
  const auto kind = !decision.allowed ? StepKind::kAuthorizationDenied
                    : decision.policy ? StepKind::kAuthorizationAllowed
                                      : StepKind::kAuthorizationNotAsked;
  note(now, call, kind, decision.origin, index, static_cast<std::uint32_t>(decision.rule));
  if (!policies.empty()) ++(decision.allowed ? call.listener->allowed : call.listener->denied);
  if (decision.allowed) return std::nullopt;
  auto denied = answer(call, replies::kDenied);
  denied.reply.details = call.details = loaded->denial(decision);
  return denied;
}

Verdict Engine::State::begin_outbound(Instant now, const policy::RequestView& request, Call& call) {
  const Program& program = *call.program;
  const auto host = find_host(program, request);
  if (!host) {
    note(now, call, StepKind::kNoVirtualHost, program.scope_origin);
    return answer(call, replies::kUnknownHost);
  }
  call.host = &program.hosts[*host];
  call.listener = loaded->listeners[*host];
  const auto found = loaded->routes[*host].find(request);
  if (!found.route) {
    note(now, call, StepKind::kNoRoute, call.host->origin, *host);
    return answer(call, replies::kNoRoute);
  }
  note(now, call, StepKind::kRouteMatched, found.match ? found.match->origin : found.route->origin, *host,
       static_cast<std::uint32_t>(found.route - call.host->routes.data()));
  if (found.route->direct) {
    call.route = found.route;
    return direct_response(now, call, *found.route->direct);
  }
  enter_route(now, call, *found.route);
  return draw_faults(now, call);
}

/// The destination is drawn once; retries stay with it.
void Engine::State::enter_route(Instant now, Call& call, const ProgramRoute& route) {
  call.route = &route;
  if (route.retries) {
    call.may_retry = true;
    call.retries_left = *route.retries->attempts;
  }
  const auto drawn = route.split.pick(split);
  call.cluster = loaded->cluster(route.clusters[drawn]);
  if (!call.cluster) {
    note(now, call, StepKind::kNoCluster, route.cluster_origins[drawn], static_cast<std::uint32_t>(drawn));
  } else if (call.program->direction == Direction::kOutbound) {
    note(now, call, StepKind::kDestinationChosen, route.cluster_origins[drawn], route.clusters[drawn],
         static_cast<std::uint32_t>(std::lround(route.split.percent(drawn) * 100)));
  }
  if (*route.timeout > Duration{})
    note(now, call, StepKind::kTimeoutSet, route.timeout.origin, in_ms(*route.timeout));
  if (route.retries && route.retries->per_try_timeout)
    note(now, call, StepKind::kPerTryTimeoutSet, route.retries->per_try_timeout->origin,
         in_ms(**route.retries->per_try_timeout));
}

/// The draws are independent; Envoy aborts only after the delay is over.
Verdict Engine::State::draw_faults(Instant now, Call& call) {
  const auto& wanted = call.route->fault;
  if (!wanted) return {};
  const auto delay = wanted->draw_delay(fault);
  if (wanted->draw_abort(fault)) call.abort_status = *wanted->abort->status;
  if (delay <= Duration{}) {
    if (wanted->delay)
      note(now, call, StepKind::kFaultNotDrawn, wanted->delay->ppm.origin, 0, *wanted->delay->ppm);
    return abort_if_drawn(now, call);
  }
  call.flags.set(telemetry::Flag::kDelayInjected);
  ++call.listener->delays;
  ++call.listener->delayed_now;
  call.holds = Call::Holds::kDelay;
  note(now, call, StepKind::kFaultDelay, wanted->delay->fixed.origin, in_ms(delay), *wanted->delay->ppm);
  return wait_until(now + delay);
}

Verdict Engine::State::abort_if_drawn(Instant now, Call& call) {
  const auto& abort = call.route->fault->abort;
  if (call.abort_status == 0) {
    if (abort) note(now, call, StepKind::kFaultNotDrawn, abort->ppm.origin, 1, *abort->ppm);
    return {};
  }
  ++call.listener->aborts;
  note(now, call, StepKind::kFaultAbort, abort->status.origin, call.abort_status, *abort->ppm);
  auto aborted = answer(call, replies::kFaultAbort);
  aborted.reply.status = call.abort_status;
  return aborted;
}

Verdict Engine::resume(Instant now, Call& call) {
  end_delay(call);
  return state_->abort_if_drawn(now, call);
}

}  // namespace marty::engine
