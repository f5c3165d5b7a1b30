#include <fmt/format.h>

#include <algorithm>

#include "engine/explain.hpp"
#include "engine/host_lookup.hpp"
#include "engine/narrator.hpp"
#include "engine/route_index.hpp"

namespace marty::engine {

using telemetry::Step;
using telemetry::StepKind;

namespace {

std::string place_of(const Program& program, Origin origin) {
  return program.sources ? program.sources->describe(origin) : "mesh default";
}

/// The client's sidecar: what is certain about this request.
class ClientSide {
 public:
  ClientSide(const Program& program, Forecast& into) : program_(program), narrator_(program), into_(into) {}

  /// The route that takes the request on, or nullptr when the sidecar answers itself.
  const ProgramRoute* run(const policy::RequestView& request) {
    const auto host = find_host(program_, request);
    if (!host) return answered(502, {StepKind::kNoVirtualHost, {}});
    const auto& virtual_host = program_.hosts[*host];
    const auto found = RouteIndex(virtual_host).find(request);
    if (!found.route) return answered(404, {StepKind::kNoRoute, virtual_host.origin, *host});
    const auto& route = *found.route;
    tell({StepKind::kRouteMatched, found.match ? found.match->origin : route.origin, *host,
          static_cast<std::uint32_t>(&route - virtual_host.routes.data())});
    if (route.direct)
      return answered(*route.direct->status,
                      {route.direct->location.empty() ? StepKind::kDirectResponse : StepKind::kRedirected,
                       route.direct->status.origin, *route.direct->status});
    faults(route);
    split(route);
    timeouts(route);
    if (program_.mesh_kind == mesh::MeshKind::kLinkerd) {
      linkerd_retries(route);
    } else {
      retries(route);
    }
    for (const auto index : route.clusters)
      if (index != Program::kNoCluster) cluster(program_.clusters[index]);
    return &route;
  }

 private:
  void tell(const Step& step) { into_.client.push_back(narrator_.tell(step)); }
  void say(StepKind kind, Origin origin, std::string text) {
    into_.client.push_back({std::move(text), origin, place_of(program_, origin), kind});
  }
  const ProgramRoute* answered(int status, const Step& step) {
    tell(step);
    into_.answered_locally = status;
    return nullptr;
  }

  void faults(const ProgramRoute& route) {
    if (!route.fault) return;
    const auto share = [](std::uint32_t ppm) { return fmt::format("{:g}%", ppm / 10'000.0); };
    if (const auto& delay = route.fault->delay)
      say(StepKind::kFaultDelay, delay->fixed.origin,
          fmt::format("{} of such requests are delayed by {}", share(*delay->ppm),
                      short_time(*delay->fixed)));
    if (const auto& abort = route.fault->abort)
      say(StepKind::kFaultAbort, abort->status.origin,
          fmt::format("{} of such requests are aborted with {}", share(*abort->ppm), *abort->status));
  }

  void split(const ProgramRoute& route) {
    const Origin origin = route.cluster_origins.empty() ? route.origin : route.cluster_origins.front();
    say(StepKind::kDestinationChosen, origin, "goes to " + shares(program_, route));
  }

  void timeouts(const ProgramRoute& route) {
    if (*route.timeout > Duration{})
      say(StepKind::kTimeoutSet, route.timeout.origin, "timeout " + short_time(*route.timeout));
    if (route.retries && route.retries->per_try_timeout)
      say(StepKind::kPerTryTimeoutSet, route.retries->per_try_timeout->origin,
          fmt::format("timeout {} for each try", short_time(**route.retries->per_try_timeout)));
  }

  void retries(const ProgramRoute& route) {
    if (!route.retries)
      return say(StepKind::kNotRetriable, route.origin, "never retried: this route has no retries");
    const auto& config = *route.retries;
    say(StepKind::kRetryScheduled, config.attempts.written() ? config.attempts.origin : config.origin,
        fmt::format("up to {} retries on {}, {} apart at first", *config.attempts,
                    policy::Retry::describe(config), "at most " + short_time(*config.backoff_base)));
  }

  void linkerd_retries(const ProgramRoute& route) {
    const auto& response = route.timeouts.response;
    if (response)
      say(StepKind::kResponseTimeout, response->origin,
          fmt::format("timeout {} for each try's whole response", short_time(**response)));
    if (route.classes && *route.classes->retryable)
      return say(StepKind::kRetryScheduled, route.classes->retryable.origin,
                 "failures are retried as far as the retry budget goes");
    if (!route.status_retries)
      return say(StepKind::kNotRetriable, route.origin, "never retried: nothing says so");
    const auto& config = *route.status_retries;
    if (config.header_timeout)
      say(StepKind::kPerTryTimeoutSet, config.header_timeout->origin,
          fmt::format("timeout {} for each try's response headers, but the last",
                      short_time(**config.header_timeout)));
    say(StepKind::kRetryScheduled, config.on.written() ? config.on.origin : config.origin,
        fmt::format("up to {} retries on {}, 25ms to 250ms apart", *config.limit,
                    policy::StatusRetry::describe(*config.on)));
  }

  void breaker(const Cluster& cluster) {
    if (!cluster.accrual) return;
    const auto& accrual = *cluster.accrual;
    say(StepKind::kBreakerOpened,
        accrual.max_failures.written() ? accrual.max_failures.origin : accrual.origin,
        fmt::format("{}: a pod leaves for {} and more after {} failures in a row; one request then probes it",
                    short_name(cluster), short_time(*accrual.min_penalty), *accrual.max_failures));
  }

  void cluster(const Cluster& cluster) {
    breaker(cluster);
    const auto bound = [&](StepKind kind, const Sourced<std::uint32_t>& limit, const char* what) {
      if (*limit == policy::ConnectionLimits::kUnlimited) return;
      say(kind, limit.origin,
          fmt::format("{}: at most {} {} per client pod", short_name(cluster), *limit, what));
    };
    bound(StepKind::kConnectionOverflow, cluster.limits.max_connections, "connections");
    bound(StepKind::kPendingOverflow, cluster.limits.max_pending_requests, "requests waiting for one");
    bound(StepKind::kRequestOverflow, cluster.limits.max_requests, "requests under way");
    bound(StepKind::kRetryRefused, cluster.limits.max_retries, "retries under way");
    if (!cluster.outliers) return;
    const auto& outliers = *cluster.outliers;
    const auto ejects = [&](const Sourced<std::uint32_t>& threshold, const char* what) {
      if (*threshold == 0) return;
      say(StepKind::kEndpointEjected, threshold.written() ? threshold.origin : outliers.origin,
          fmt::format("{}: a pod leaves for {} after {} consecutive {} ({})", short_name(cluster),
                      short_time(*outliers.base_ejection_time), *threshold, what, ejectable(cluster)));
    };
    ejects(outliers.consecutive_gateway_errors, "gateway errors");
    ejects(outliers.consecutive_5xx, "5xx");
  }

  const Program& program_;
  Narrator narrator_;
  Forecast& into_;
};

/// The server's sidecar under Linkerd: identity, route, authorization, rate limit.
void linkerd_server_side(const Program& inbound, const Endpoint& endpoint, policy::RequestView request,
                         Forecast::Branch& into) {
  Narrator narrator(inbound);
  const auto tell = [&](const Step& step) { into.server.push_back(narrator.tell(step)); };
  if (endpoint.security != Security::kMutualTls) request.peer_identity = {};
  request.port = inbound.port;
  tell({StepKind::kPeerIdentity, {}, request.peer_identity.empty() ? 0u : 1u});
  const auto& host = inbound.hosts.front();
  const auto found = RouteIndex(host).find(request);
  if (!found.route) {
    tell({StepKind::kNoRoute, host.origin});
    into.refused_with = 404;
    return;
  }
  const auto index = static_cast<std::uint32_t>(found.route - host.routes.data());
  if (found.route->kind != "default")
    tell({StepKind::kRouteMatched, found.match ? found.match->origin : found.route->origin, 0, index});
  const policy::ProxyIdentity identity(request.peer_identity);
  const policy::ClientAuthorization::Client client{request.peer_ip, identity.view(), request.peer_identity};
  const auto admitted = policy::ClientAuthorization::decide(found.route->clients, client);
  if (!admitted) {
    tell({StepKind::kAuthorizationDenied, host.origin, telemetry::kNone, index});
    into.refused_with = 403;
    return;
  }
  tell({StepKind::kAuthorizationAllowed, found.route->clients[*admitted].origin_for(client),
        static_cast<std::uint32_t>(*admitted), index});
  if (const auto& limit = inbound.client_limit) {
    const auto bound = [&](const Sourced<std::uint32_t>& rps, const char* whom) {
      into.server.push_back(
          {fmt::format("each pod lets {} requests per second through {}; others get 429", *rps, whom),
           rps.origin, place_of(inbound, rps.origin), StepKind::kRateLimitPassed});
    };
    if (limit->total) bound(*limit->total, "in all");
    if (limit->identity) bound(*limit->identity, "for each identity");
  }
  tell({StepKind::kForwardedToApp, {}, inbound.port});
}

/// The server's sidecar before one of the pods: certificate, rate limit, authorization.
void server_side(const Program& inbound, const Endpoint& endpoint, policy::RequestView request,
                 Forecast::Branch& into) {
  if (inbound.mesh_kind == mesh::MeshKind::kLinkerd)
    return linkerd_server_side(inbound, endpoint, request, into);
  Narrator narrator(inbound);
  const auto tell = [&](const Step& step) { into.server.push_back(narrator.tell(step)); };
  const bool secure = endpoint.security == Security::kMutualTls;
  if (!secure) request.peer_identity = {};
  request.port = inbound.port;
  const auto mode = static_cast<std::uint32_t>(*inbound.mtls);
  if (!secure && *inbound.mtls == policy::MtlsMode::kStrict) {
    tell({StepKind::kPlaintextRefused, inbound.mtls.origin, mode});
    into.refused_with = 503;  // what the client's sidecar makes of a closed connection
    return;
  }
  tell({secure ? StepKind::kMtlsRequired : StepKind::kPlaintextAccepted, inbound.mtls.origin, mode});
  for (const auto& limit : inbound.rate_limits) {
    const Origin origin = limit.bucket.max_tokens.written() ? limit.bucket.max_tokens.origin : limit.origin;
    into.server.push_back(
        {fmt::format("each pod lets {} requests through at once, then {} every {}; others get {}",
                     *limit.bucket.max_tokens, *limit.bucket.tokens_per_fill,
                     short_time(*limit.bucket.fill_interval), limit.status),
         origin, place_of(inbound, origin), StepKind::kRateLimitPassed});
  }
  const auto decision = policy::Authorization::decide(inbound.authorization, request);
  const auto policy = decision.policy
                          ? static_cast<std::uint32_t>(decision.policy - inbound.authorization.data())
                          : telemetry::kNone;
  const auto rule = static_cast<std::uint32_t>(decision.rule);
  if (!decision.allowed) {
    tell({StepKind::kAuthorizationDenied, decision.origin, policy, rule});
    into.refused_with = 403;
    return;
  }
  tell({decision.policy ? StepKind::kAuthorizationAllowed : StepKind::kAuthorizationNotAsked, decision.origin,
        policy, rule});
  tell({StepKind::kForwardedToApp, {}, inbound.port});
}

const Program* program_of(const std::vector<std::shared_ptr<const Program>>& inbound,
                          const Endpoint& endpoint) {
  const auto found = std::find_if(inbound.begin(), inbound.end(), [&](const auto& program) {
    return program->self.pod == endpoint.owner.pod && program->self.ns == endpoint.owner.ns &&
           endpoint.address.text.ends_with(fmt::format(":{}", program->port));
  });
  return found == inbound.end() ? nullptr : found->get();
}

Forecast::Branch branch(const Program& outbound, const ProgramRoute& route, std::size_t index,
                        const std::vector<std::shared_ptr<const Program>>& inbound,
                        const policy::RequestView& request) {
  Forecast::Branch made;
  made.percent = route.split.percent(index);
  Narrator narrator(outbound);
  if (route.clusters[index] == Program::kNoCluster) {
    made.destination = fmt::format("destination {}", index + 1);
    made.refused_with = outbound.mesh_kind == mesh::MeshKind::kLinkerd ? 500 : 503;
    if (outbound.mesh_kind == mesh::MeshKind::kLinkerd) {
      const Origin origin = route.cluster_origins[index];
      made.server.push_back(
          {route.unusable[index] + " → 500", origin, place_of(outbound, origin), StepKind::kNoCluster});
      return made;
    }
    made.server.push_back(narrator.tell(
        {StepKind::kNoCluster, route.cluster_origins[index], static_cast<std::uint32_t>(index)}));
    return made;
  }
  const auto& cluster = outbound.clusters[route.clusters[index]];
  made.destination = cluster.name;
  if (cluster.endpoints.empty()) {
    made.refused_with = 503;
    made.server.push_back(
        narrator.tell({StepKind::kNoHealthyEndpoint, cluster.origin, route.clusters[index]}));
    return made;
  }
  // The pods of one destination run under the same policies, so the first speaks for all.
  if (const auto* program = program_of(inbound, cluster.endpoints.front()))
    server_side(*program, cluster.endpoints.front(), request, made);
  return made;
}

}  // namespace

Forecast forecast(const Program& outbound, const std::vector<std::shared_ptr<const Program>>& inbound,
                  const policy::RequestView& request) {
  Forecast told;
  const auto* route = ClientSide(outbound, told).run(request);
  if (!route) return told;
  for (std::size_t i = 0; i < route->clusters.size(); ++i)
    if (route->split.percent(i) > 0) told.branches.push_back(branch(outbound, *route, i, inbound, request));
  return told;
}

}  // namespace marty::engine
