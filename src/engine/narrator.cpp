#include "engine/narrator.hpp"

#include <fmt/format.h>

#include <cctype>

namespace marty::engine {

using telemetry::Step;
using telemetry::StepKind;

namespace {

template <class T>
const T* at(const std::vector<T>& list, std::uint32_t index) {
  return index < list.size() ? &list[index] : nullptr;
}

std::string percent(double value) { return fmt::format("{:g}%", value); }
std::string ppm(std::uint32_t value) { return percent(value / 10'000.0); }

const char* mode_name(std::uint32_t mode) {
  switch (static_cast<policy::MtlsMode>(mode)) {
    case policy::MtlsMode::kDisable:
      return "DISABLE";
    case policy::MtlsMode::kStrict:
      return "STRICT";
    default:
      return "PERMISSIVE";
  }
}

const char* failure_name(std::uint32_t failure) {
  switch (static_cast<policy::TryFailure>(failure)) {
    case policy::TryFailure::kConnectFailure:
      return "connection refused";
    case policy::TryFailure::kConnectTimeout:
      return "connection timed out";
    case policy::TryFailure::kTlsFailure:
      return "TLS handshake failed";
    case policy::TryFailure::kReset:
      return "connection closed before an answer";
    case policy::TryFailure::kResetBeforeRequest:
      return "connection closed before the request was sent";
    case policy::TryFailure::kPerTryTimeout:
      return "no answer in time";
    case policy::TryFailure::kProtocolError:
      return "the answer is not HTTP";
  }
  return "failed";
}

const char* balancer_name(policy::LoadBalancer balancer) {
  switch (balancer) {
    case policy::LoadBalancer::kRoundRobin:
      return "round robin";
    case policy::LoadBalancer::kRandom:
      return "random choice";
    case policy::LoadBalancer::kPeakEwma:
      return "response time and load (PeakEWMA)";
    case policy::LoadBalancer::kLeastRequest:
      break;
  }
  return "least request";
}

std::string condition(const char* what, const policy::StringMatch& match) {
  using Kind = policy::StringMatch::Kind;
  switch (match.kind) {
    case Kind::kExact:
      return fmt::format("{} {}", what, match.text);
    case Kind::kPrefix:
      return fmt::format("{} {}*", what, match.text);
    case Kind::kPathPrefix:
      return fmt::format("{} {}/*", what, match.text == "/" ? "" : match.text);
    case Kind::kSuffix:
      return fmt::format("{} *{}", what, match.text);
    case Kind::kRegex:
      return fmt::format("{} ~ {}", what, match.text);
    case Kind::kPresent:
      break;
  }
  return fmt::format("{} present", what);
}

const policy::RouteMatch* match_at(const ProgramRoute& route, Origin origin) {
  for (const auto& match : route.matches)
    if (match.origin == origin) return &match;
  return route.matches.empty() ? nullptr : &route.matches.front();
}

/// The words of the policy that make this end of a try retriable, "gateway-error".
std::string reasons(const policy::Retry::Config& config, const Step& end) {
  std::string text;
  for (const auto word : policy::Retry::words()) {
    auto one = config;
    one.on = {*config.on & *policy::Retry::word(word), {}};
    const bool says_so = end.kind == StepKind::kTryResponse
                             ? policy::Retry::retriable(one, static_cast<int>(end.b), std::nullopt)
                             : policy::Retry::retriable(one, end.kind == StepKind::kPerTryTimeout
                                                                 ? policy::TryFailure::kPerTryTimeout
                                                                 : static_cast<policy::TryFailure>(end.b));
    if (says_so) text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text.empty() ? policy::Retry::describe(config) : text;
}

}  // namespace

std::string short_time(Duration d) {
  if (d.count() != 0 && d % 1s == Duration{}) return fmt::format("{}s", d / 1s);
  if (d >= 1ms || d.count() == 0) return fmt::format("{}ms", d / 1ms);
  return fmt::format("{}us", d / 1us);
}

std::string short_name(const Cluster& cluster) {
  return cluster.subset.empty() ? cluster.service_name : cluster.subset;
}

std::string ejectable(const Cluster& cluster) {
  const auto most = *cluster.outliers->max_ejection_percent * cluster.endpoints.size() / 100;
  return fmt::format("max {}% of {} = {}", *cluster.outliers->max_ejection_percent, cluster.endpoints.size(),
                     most);
}

std::string conditions(const policy::RouteMatch* match) {
  if (!match) return "every request";
  std::string text;
  const auto append = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  for (const auto& header : match->headers)
    append(condition(("header " + header.name + ":").c_str(), header.match));
  for (const auto& header : match->without_headers)
    append(condition(("without header " + header.name + ":").c_str(), header.match));
  if (match->method) append(condition("method", *match->method));
  if (match->uri) append(condition("path", *match->uri));
  if (match->authority) append(condition("authority", *match->authority));
  if (match->scheme) append(condition("scheme", *match->scheme));
  for (const auto& query : match->query_params)
    append(condition(("query " + query.name + "=").c_str(), query.match));
  return text.empty() ? "every request" : text;
}

std::string shares(const Program& program, const ProgramRoute& route) {
  std::string text;
  for (std::size_t i = 0; i < route.clusters.size(); ++i) {
    const auto* cluster = at(program.clusters, route.clusters[i]);
    const auto name = cluster ? short_name(*cluster) : std::string("(undefined)");
    if (route.clusters.size() == 1) return name;
    text += fmt::format("{}{} {}", i == 0 ? "" : " / ", percent(route.split.percent(i)), name);
  }
  return text;
}

Sentence Narrator::tell(const Step& step) {
  Sentence sentence{words(step), step.origin, "mesh default", step.kind};
  if (program_.sources) sentence.place = program_.sources->describe(step.origin);
  return sentence;
}

std::string Narrator::words(const Step& step) {
  if (program_.mesh_kind == mesh::MeshKind::kLinkerd)
    if (auto said = linkerd(step); !said.empty()) return said;
  if (step.kind <= StepKind::kPathRefused) return inbound(step);
  if (step.kind <= StepKind::kPerTryTimeoutSet) return routing(step);
  if (step.kind <= StepKind::kPerTryTimeout) return trying(step);
  if (step.kind <= StepKind::kRouteTimeout) return retrying(step);
  if (step.kind <= StepKind::kEjectionOverflow) return ejecting(step);
  return ending(step);
}

std::string Narrator::inbound(const Step& step) const {
  const auto* policy = at(program_.authorization, step.a);
  const auto name =
      policy ? fmt::format("{}/{} rule {}", policy->ns, policy->name, step.b) : std::string("a policy");
  switch (step.kind) {
    case StepKind::kMtlsRequired:
      return fmt::format("mutual TLS: the caller presented a certificate (mode {})", mode_name(step.a));
    case StepKind::kPlaintextAccepted:
      return fmt::format("plaintext accepted (mode {})", mode_name(step.a));
    case StepKind::kPlaintextRefused:
      return fmt::format("plaintext refused (mode {}): the connection is closed without an answer",
                         mode_name(step.a));
    case StepKind::kPeerIdentity:
      return step.a ? "the caller is authenticated" : "the caller is not authenticated";
    case StepKind::kRateLimitPassed:
      return fmt::format("token bucket: took one, {} of {} left", step.a, step.b);
    case StepKind::kRateLimited:
      return rate_limited(step);
    case StepKind::kRateLimitNotEnforced:
      return fmt::format("token bucket: 0 of {} tokens, but the limit is not enforced", step.a);
    case StepKind::kAuthorizationAllowed:
      return fmt::format("allowed by {}", name);
    case StepKind::kAuthorizationDenied:
      return policy ? fmt::format("denied by {} → 403", name) : "no ALLOW rule matches → 403";
    case StepKind::kAuthorizationNotAsked:
      return "no authorization policy covers this workload: everybody may call";
    case StepKind::kForwardedToApp:
      return fmt::format("forwarded to the application, port {}", step.a);
    case StepKind::kInvalidPolicy:
      return fmt::format("a policy here cannot be decoded, so nothing may pass → {}", step.a);
    default:
      return fmt::format("the path is not acceptable → {}", step.a);
  }
}

std::string Narrator::rate_limited(const Step& step) const {
  for (const auto& limit : program_.rate_limits) {
    if (*limit.bucket.max_tokens != step.a) continue;
    return fmt::format("token bucket: 0 of {} tokens, refilled {} every {}, next in {} → {}", step.a,
                       *limit.bucket.tokens_per_fill, short_time(*limit.bucket.fill_interval),
                       short_time(step.b * 1ms), limit.status);
  }
  return fmt::format("token bucket: 0 of {} tokens → 429", step.a);
}

std::string Narrator::routing(const Step& step) {
  const auto* host = at(program_.hosts, step.a);
  switch (step.kind) {
    case StepKind::kNoVirtualHost:
      return "the mesh has no service of that name and port → 502";
    case StepKind::kNoRoute:
      return fmt::format("no route of {} matches → 404 NR", host ? host->name : "the host");
    case StepKind::kRouteMatched:
      route_ = host ? at(host->routes, step.b) : nullptr;
      if (!route_) return "a route matched";
      return fmt::format("route {} matched: {}", route_->name.empty() ? "(unnamed)" : route_->name,
                         conditions(match_at(*route_, step.origin)));
    case StepKind::kDirectResponse:
      return fmt::format("the route itself answers {}", step.a);
    case StepKind::kRedirected:
      return fmt::format("the route redirects with {}", step.a);
    case StepKind::kDestinationChosen:
      cluster_ = at(program_.clusters, step.a);
      return chosen(step);
    case StepKind::kNoCluster:
      return fmt::format("destination {} names a subset or service that is not defined → 503 NC", step.a + 1);
    case StepKind::kFaultDelay:
      return fmt::format("delayed by {} on purpose ({} of such requests)", short_time(step.a * 1ms),
                         ppm(step.b));
    case StepKind::kFaultAbort:
      return fmt::format("aborted with {} on purpose ({} of such requests)", step.a, ppm(step.b));
    case StepKind::kFaultNotDrawn:
      return fmt::format("{} not drawn ({} of such requests)", step.a == 0 ? "delay" : "abort", ppm(step.b));
    case StepKind::kTimeoutSet:
      return fmt::format("timeout {}", short_time(step.a * 1ms));
    default:
      return fmt::format("timeout {} for each try", short_time(step.a * 1ms));
  }
}

std::string Narrator::chosen(const Step&) const {
  if (!cluster_) return "a destination was chosen";
  if (!route_ || route_->clusters.size() < 2) return fmt::format("goes to {}", short_name(*cluster_));
  return fmt::format("{}: drew {}", shares(program_, *route_), short_name(*cluster_));
}

std::string Narrator::pod(std::uint32_t endpoint) const {
  const auto* found = cluster_ ? at(cluster_->endpoints, endpoint) : nullptr;
  return found ? found->owner.pod : fmt::format("endpoint {}", endpoint);
}

std::string Narrator::trying(const Step& step) {
  switch (step.kind) {
    case StepKind::kEndpointPicked: {
      cluster_ = at(program_.clusters, step.a);
      const auto* endpoint = cluster_ ? at(cluster_->endpoints, step.b) : nullptr;
      if (!endpoint) return "picked an endpoint";
      return fmt::format("picked {} ({}) by {}", endpoint->owner.pod, endpoint->address.text,
                         balancer_name(cluster_->balancer));
    }
    case StepKind::kNoHealthyEndpoint:
      return fmt::format("none of {} endpoints is in load balancing → 503 UH", step.b);
    case StepKind::kPanic:
      return fmt::format("only {} of {} endpoints are healthy: all are used", step.a, step.b);
    case StepKind::kConnectionOverflow:
      return fmt::format("{} connections are open (limit {}): the call waits", step.a, step.b);
    case StepKind::kQueued:
      if (step.b == policy::ConnectionLimits::kUnlimited) return "waits for a connection";
      return fmt::format("waits for a connection ({} waiting, limit {})", step.a, step.b);
    case StepKind::kPendingOverflow:
      return fmt::format("{} calls wait for a connection already (limit {}) → 503 UO", step.a, step.b);
    case StepKind::kRequestOverflow:
      return fmt::format("{} requests are under way already (limit {}) → 503 UO", step.a, step.b);
    case StepKind::kTryStarted:
      return fmt::format("try {} sent to {}", step.a, pod(step.b));
    case StepKind::kTryResponse:
      last_end_ = step;
      return fmt::format("try {} answered {}", step.a, step.b);
    case StepKind::kTryFailed:
      last_end_ = step;
      return fmt::format("try {} failed: {}", step.a, failure_name(step.b));
    default:
      last_end_ = step;
      return fmt::format("try {} brought no answer within {}", step.a, short_time(step.b * 1ms));
  }
}

/// What the last try ended with: "503", "503 UF".
std::string Narrator::cause() const {
  if (last_end_.kind == StepKind::kTryResponse) return fmt::format("{}", last_end_.b);
  if (last_end_.kind == StepKind::kPerTryTimeout) return "504 UT";
  switch (static_cast<policy::TryFailure>(last_end_.b)) {
    case policy::TryFailure::kReset:
    case policy::TryFailure::kResetBeforeRequest:
      return "503 UC";
    case policy::TryFailure::kProtocolError:
      return "502 UPE";
    default:
      return "503 UF";
  }
}

std::string Narrator::retrying(const Step& step) const {
  // Inbound there is one route and no step that names it.
  const auto* route = route_ || program_.hosts.empty() || program_.direction == Direction::kOutbound
                          ? route_
                          : &program_.hosts.front().routes.front();
  const auto* config = route && route->retries ? &*route->retries : nullptr;
  switch (step.kind) {
    case StepKind::kRetryScheduled:
      if (!config) return fmt::format("retry {} in {}", step.a, short_time(step.b * 1us));
      return fmt::format("{} is retriable ({}): retry {} of {} in {}", cause(), reasons(*config, last_end_),
                         step.a, *config->attempts, short_time(step.b * 1us));
    case StepKind::kNotRetriable:
      if (!config) return fmt::format("{} is not retried: this route has no retries", cause());
      return fmt::format("{} is not retried: only {} are", cause(), policy::Retry::describe(*config));
    case StepKind::kRetryRefused:
      return fmt::format("no retry: {} are under way already (limit {})", step.a, step.b);
    case StepKind::kRetriesExhausted:
      return fmt::format("all {} retries are used up", step.a);
    case StepKind::kRetriesForgone:
      return "no retry: the request's body is too large to be kept for it";
    default:
      return fmt::format("no answer within {} → 504 UT", short_time(step.a * 1ms));
  }
}

std::string Narrator::ejecting(const Step& step) const {
  using Cause = policy::OutlierDetection::Cause;
  if (step.kind == StepKind::kEndpointReturned) return fmt::format("{} is back", pod(step.a));
  const bool known = cluster_ && cluster_->outliers;
  if (step.kind == StepKind::kEjectionOverflow)
    return fmt::format("{} fails but stays{}", pod(step.a), known ? " (" + ejectable(*cluster_) + ")" : "");
  const auto cause = static_cast<Cause>(step.b % 256);
  const char* what = cause == Cause::kConsecutive5xx             ? "consecutive 5xx"
                     : cause == Cause::kConsecutiveGatewayErrors ? "consecutive gateway errors"
                                                                 : "consecutive failures to connect";
  if (!known) return fmt::format("{} ejected after {} {}", pod(step.a), step.b / 256, what);
  return fmt::format("{} ejected for at least {} after {} {} ({})", pod(step.a),
                     short_time(*cluster_->outliers->base_ejection_time), step.b / 256, what,
                     ejectable(*cluster_));
}

std::string Narrator::ending(const Step& step) const {
  switch (step.kind) {
    case StepKind::kResponded:
      return fmt::format("answered {}{}", step.a, step.b ? " by the sidecar itself" : "");
    case StepKind::kReset:
      return "the response was under way and is cut";
    case StepKind::kClientGone:
      return "the client went away";
    default:
      return fmt::format("{} more steps did not fit", step.a);
  }
}

}  // namespace marty::engine
