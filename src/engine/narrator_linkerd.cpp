#include <fmt/format.h>

#include "engine/narrator.hpp"
#include "policy/fail_fast.hpp"

namespace marty::engine {

using telemetry::Step;
using telemetry::StepKind;

std::string name_of(const policy::ClientAuthorization& clients) {
  if (clients.kind == "default") return fmt::format("the default policy {}", clients.name);
  return fmt::format("{} {}/{}", clients.kind, clients.ns, clients.name);
}

std::string Narrator::linkerd_server(const Step& step) const {
  const auto who = program_.server_kind == "server"
                       ? fmt::format("Server {}", program_.server_name)
                       : fmt::format("the default policy {}", program_.server_name);
  const auto& routes = program_.hosts.front().routes;
  switch (step.kind) {
    case StepKind::kNoRoute:
      return fmt::format("no route of {} matches → 404", who);
    case StepKind::kAuthorizationDenied:
      return fmt::format("nobody lets this caller in at {} → 403", who);
    case StepKind::kAuthorizationAllowed:
      if (step.b >= routes.size() || step.a >= routes[step.b].clients.size()) return "allowed";
      return fmt::format("{}: let in by {}", who, name_of(routes[step.b].clients[step.a]));
    case StepKind::kRateLimitPassed:
      return fmt::format("within the limit of {} requests per second", step.a);
    case StepKind::kRateLimited:
      return fmt::format("more than {} requests per second, next in {} → 429", step.a,
                         short_time(step.b * 1ms));
    default:
      return {};
  }
}

std::string Narrator::linkerd_retry(const Step& step) const {
  const auto* config = route_ && route_->status_retries ? &*route_->status_retries : nullptr;
  const bool profile = route_ && route_->classes && *route_->classes->retryable;
  const auto ended = last_end_.kind == StepKind::kTryResponse ? fmt::format("{}", last_end_.b)
                     : last_end_.kind == StepKind::kTryFailed ? std::string("502")
                     : last_end_.kind == StepKind::kFailFast  ? std::string("fail-fast")
                                                              : std::string("no answer in time");
  switch (step.kind) {
    case StepKind::kRetryScheduled:
      if (profile) return fmt::format("{} is a failure of a retryable route: sent again", ended);
      if (!config) return fmt::format("sent again in {}", short_time(step.b * 1us));
      if (last_end_.kind != StepKind::kTryResponse && last_end_.kind != StepKind::kTryFailed)
        return fmt::format("{} is always retried: retry {} of {} in {}", ended, step.a, *config->limit,
                           short_time(step.b * 1us));
      return fmt::format("{} is retried (on {}): retry {} of {} in {}", ended,
                         policy::StatusRetry::describe(*config->on), step.a, *config->limit,
                         short_time(step.b * 1us));
    case StepKind::kNotRetriable:
      if (!config) return fmt::format("{} is not retried: this route has no retries", ended);
      return fmt::format("{} is not retried: only {} are", ended, policy::StatusRetry::describe(*config->on));
    case StepKind::kRetriesForgone:
      return "no retry: the request's body is larger than 64 KiB or still under way";
    case StepKind::kRetryBudgetEmpty:
      return "no retry: the retry budget is used up";
    case StepKind::kRetryHasNoBackend:
      return "no retry: no backend has a ready endpoint";
    case StepKind::kRouteTimeout:
      return fmt::format("the request was not over within {} → 504", short_time(step.a * 1ms));
    default:
      return {};
  }
}

std::string Narrator::linkerd(const Step& step) {
  const auto balancer = [&] {
    if (step.a < program_.clusters.size()) cluster_ = &program_.clusters[step.a];
    return cluster_ ? short_name(*cluster_) : std::string("the service");
  };
  switch (step.kind) {
    case StepKind::kPeerIdentity:
      return step.a ? "mutual TLS: the caller has a mesh identity"
                    : "plaintext: the caller has no mesh identity";
    case StepKind::kNoVirtualHost:
      return "the mesh has no service of that name and port → 502";
    case StepKind::kNoRoute:
      if (program_.direction == Direction::kInbound) break;
      return fmt::format("no route of {} matches → 404",
                         step.a < program_.hosts.size() ? program_.hosts[step.a].name : "the service");
    case StepKind::kNoCluster: {
      const bool known = route_ && step.a < route_->unusable.size();
      return fmt::format("{} → 500", known ? route_->unusable[step.a] : "a backend that is not there");
    }
    case StepKind::kNoEndpointReady:
      return fmt::format("the breakers of all {} endpoints of {} are open: waits up to {}", step.b,
                         balancer(), short_time(policy::FailFast::kPatience));
    case StepKind::kFailFast:
      last_end_ = step;
      return fmt::format("{} had no ready endpoint for {}: fails fast → 504", balancer(),
                         short_time(step.b * 1ms));
    case StepKind::kLoadShed:
      return fmt::format("{} fails fast: turned away at once → 503", balancer());
    case StepKind::kResponseTimeout:
      last_end_ = step;
      return fmt::format("the response to try {} was not complete within {} → 504", step.a,
                         short_time(step.b * 1ms));
    case StepKind::kBreakerOpened:
      if (step.b == 0)
        return fmt::format("the breaker of {} opens: too few of its answers are good", pod(step.a));
      return fmt::format("the breaker of {} opens after {} failures in a row", pod(step.a), step.b);
    case StepKind::kBreakerProbe:
      return fmt::format("{}'s penalty is over: this request probes it", pod(step.a));
    case StepKind::kBreakerReopened:
      return fmt::format("the probe of {} failed: left out for another {}", pod(step.a),
                         short_time(step.b * 1ms));
    case StepKind::kBreakerClosed:
      return fmt::format("the probe of {} succeeded: its breaker closes", pod(step.a));
    case StepKind::kPerTryTimeoutSet:
      return fmt::format("timeout {} for each try's response headers, but the last",
                         short_time(step.a * 1ms));
    case StepKind::kTimeoutSet:
      return fmt::format("timeout {} for the whole request", short_time(step.a * 1ms));
    default:
      break;
  }
  if (program_.direction == Direction::kInbound && !program_.hosts.empty())
    if (auto said = linkerd_server(step); !said.empty()) return said;
  return linkerd_retry(step);
}

}  // namespace marty::engine
