#include <fmt/format.h>

#include <iterator>

#include "engine/host_lookup.hpp"
#include "engine/state.hpp"

/// From a request to a route as linkerd2-proxy decides it: inbound the closest route, its authorizations, the
/// rate limit; outbound the service and its closest route (linkerd.md 3.6, 3.8, 3.9).
namespace marty::engine {

using telemetry::StepKind;

namespace {

template <class... Values>
void append(std::string& text, fmt::format_string<Values...> format, Values&&... values) {
  fmt::format_to(std::back_inserter(text), format, std::forward<Values>(values)...);
}

/// "total rate limit exceeded: 100rps".
const char* scope_name(policy::ClientRateLimiter::Scope scope) {
  switch (scope) {
    case policy::ClientRateLimiter::Scope::kIdentity:
      return "per-identity";
    case policy::ClientRateLimiter::Scope::kOverride:
      return "override";
    default:
      return "total";
  }
}

}  // namespace

Verdict Engine::State::answer_linkerd(Call& call, int status, Call::Failure failure, bool close) {
  call.failure = failure;
  call.details = "";
  Verdict verdict;
  verdict.kind = Verdict::Kind::kReply;
  verdict.reply.status = status;
  verdict.reply.proxy_error = error_text;
  verdict.reply.close = close;
  return verdict;
}

Verdict Engine::State::begin_linkerd_inbound(Instant now, const policy::RequestView& request, Call& call) {
  const Program& program = *call.program;
  const policy::ProxyIdentity identity(request.peer_identity);
  call.listener = loaded->listeners.front();
  call.host = &program.hosts.front();
  note(now, call, StepKind::kPeerIdentity, {}, request.peer_identity.empty() ? 0 : 1);
  if (const auto peer = program.peers.find(request.peer_identity); peer != program.peers.end())
    call.peer = &peer->second;

  // Only who has an identity is told why (linkerd.md 4).
  const auto refuse = [&](int status, const char* why) {
    error_text.clear();
    if (!request.peer_identity.empty())
      append(error_text, "client {}: server: {}:{}: {}", request.peer_address, program.self.ip, program.port,
             why);
    return answer_linkerd(call, status, Call::Failure::kNone);
  };
  const auto found = loaded->routes.front().find(request);
  if (!found.route) {
    note(now, call, StepKind::kNoRoute, call.host->origin, 0);
    return refuse(404, "no route found for request");
  }
  const auto index = static_cast<std::uint32_t>(found.route - call.host->routes.data());
  call.route = found.route;
  if (found.route->kind != "default")
    note(now, call, StepKind::kRouteMatched, found.match ? found.match->origin : found.route->origin, 0,
         index);

  const policy::ClientAuthorization::Client client{request.peer_ip, identity.view(), request.peer_identity};
  const auto admitted = policy::ClientAuthorization::decide(found.route->clients, client);
  if (!admitted) {
    note(now, call, StepKind::kAuthorizationDenied, call.host->origin, telemetry::kNone, index);
    ++call.listener->denied;
    return refuse(403, "unauthorized request on route");
  }
  call.authorization = static_cast<std::uint32_t>(*admitted);
  note(now, call, StepKind::kAuthorizationAllowed, found.route->clients[*admitted].origin_for(client),
       call.authorization, index);
  ++call.listener->allowed;

  if (loaded->client_limiter) {
    const auto verdict = loaded->client_limiter->check(*program.client_limit, now, identity.view());
    call.limited_by = verdict.refused_by;
    if (verdict.refused_by != policy::ClientRateLimiter::Scope::kPassed) {
      note(now, call, StepKind::kRateLimited, verdict.origin, verdict.rps, in_ms(verdict.until_next));
      char why[64];
      *fmt::format_to_n(why, sizeof why - 1, "{} rate limit exceeded: {}rps", scope_name(verdict.refused_by),
                        verdict.rps)
           .out = 0;
      return refuse(429, why);
    }
    const auto& config = *program.client_limit;
    const auto* said = config.total ? &*config.total : config.identity ? &*config.identity : nullptr;
    if (said) note(now, call, StepKind::kRateLimitPassed, said->origin, **said);
  }
  if (found.route->direct) return direct_response(now, call, *found.route->direct);
  enter_linkerd_route(call, *found.route);
  note(now, call, StepKind::kForwardedToApp, {}, program.port);
  return {};
}

Verdict Engine::State::begin_linkerd_outbound(Instant now, const policy::RequestView& request, Call& call) {
  const Program& program = *call.program;
  const auto host = find_host(program, request);
  error_text.clear();
  if (!host) {
    note(now, call, StepKind::kNoVirtualHost, {});
    append(error_text, "no such service in this mesh");
    return answer_linkerd(call, 502, Call::Failure::kNone, true);
  }
  call.host = &program.hosts[*host];
  call.listener = loaded->listeners[*host];
  const auto found = loaded->routes[*host].find(request);
  if (!found.route) {
    note(now, call, StepKind::kNoRoute, call.host->origin, *host);
    append(error_text, "logical service {}: no route", call.host->name);
    return answer_linkerd(call, 404, Call::Failure::kNone);
  }
  note(now, call, StepKind::kRouteMatched, found.match ? found.match->origin : found.route->origin, *host,
       static_cast<std::uint32_t>(found.route - call.host->routes.data()));
  if (found.route->direct) {
    call.route = found.route;
    return direct_response(now, call, *found.route->direct);
  }
  enter_linkerd_route(call, *found.route);
  const auto note_timeout = [&](StepKind kind, const std::optional<Sourced<Duration>>& timeout) {
    if (timeout) note(now, call, kind, timeout->origin, in_ms(**timeout));
  };
  note_timeout(StepKind::kTimeoutSet, found.route->timeouts.request);
  if (found.route->status_retries)
    note_timeout(StepKind::kPerTryTimeoutSet, found.route->status_retries->header_timeout);
  return {};
}

/// The time of the whole call runs from here, waits in queues included.
void Engine::State::enter_linkerd_route(Call& call, const ProgramRoute& route) {
  call.route = &route;
  if (*route.timeout > Duration{}) call.route_deadline = call.started + *route.timeout;
  if (route.status_retries) {
    call.may_retry = *route.status_retries->limit != 0;
    call.retries_left = *route.status_retries->limit;
  } else if (route.classes && *route.classes->retryable) {
    call.may_retry = true;  // as often as the budget lets it
    call.retries_left = UINT32_MAX;
  }
  call.replay_bytes_max = policy::StatusRetry::kBodyBytesMax;
}

}  // namespace marty::engine
