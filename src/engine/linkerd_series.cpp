#include "engine/linkerd_series.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "engine/cluster_state.hpp"

namespace marty::engine {
namespace {

using telemetry::MetricId;
using Text = std::string_view;
using Failure = Call::Failure;

constexpr std::size_t kKnownMax = 20'000;
constexpr Text kPolicyGroup = "policy.linkerd.io", kCore = "core", kService = "Service";

/// Label values by name, put in the order of each metric's table; what is not set is empty, which is as if it
/// were not there.
class Labels {
 public:
  Labels& set(Text name, Text value) {
    if (!value.empty()) values_.emplace_back(name, value);
    return *this;
  }
  std::vector<Text> of(MetricId id) const {
    std::vector<Text> ordered;
    for (const auto name : telemetry::metric(id).labels) {
      const auto found =
          std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == name; });
      ordered.push_back(found == values_.end() ? Text{} : found->second);
    }
    return ordered;
  }
  std::uint64_t* counter(telemetry::Registry& registry, MetricId id) const {
    return &registry.counter(id, of(id));
  }
  telemetry::Histogram* histogram(telemetry::Registry& registry, MetricId id) const {
    return &registry.histogram(id, of(id));
  }

 private:
  std::vector<std::pair<Text, Text>> values_;
};

Text error_name(Failure failure) {
  static constexpr Text kNames[] = {"",
                                    "FAIL_FAST",
                                    "LOAD_SHED",
                                    "REQUEST_TIMEOUT",
                                    "RESPONSE_HEADERS_TIMEOUT",
                                    "RESPONSE_STREAM_TIMEOUT",
                                    "IO",
                                    ""};
  return kNames[static_cast<std::size_t>(failure)];
}

/// As the older families call it; nothing for what they do not count.
Text error_class(Failure failure) {
  switch (failure) {
    case Failure::kFailFast:
      return "failfast";
    case Failure::kLoadShed:
      return "loadshed";
    case Failure::kRequestTimeout:
    case Failure::kHeadersTimeout:
    case Failure::kResponseTimeout:
      return "response timeout";
    case Failure::kIo:
      return "i/o";
    case Failure::kUnusableBackend:
      return "unexpected";
    case Failure::kNone:
      break;
  }
  return {};
}

struct Numbers {
  std::string status, port, parent_port, backend_port;
};

void add_target(Labels& labels, Text address) {
  const auto colon = address.rfind(':');
  labels.set("target_addr", address).set("target_ip", address.substr(0, colon));
  if (colon != address.npos) labels.set("target_port", address.substr(colon + 1));
}

void add_route(Labels& labels, const ProgramRoute& route) {
  labels.set("route_group", route.group)
      .set("route_kind", route.kind)
      .set("route_namespace", route.ns)
      .set("route_name", route.name);
}

void add_parent(Labels& labels, const VirtualHost& host, Numbers& numbers) {
  numbers.parent_port = std::to_string(host.port);
  labels.set("parent_group", kCore)
      .set("parent_kind", kService)
      .set("parent_namespace", host.service_ns)
      .set("parent_name", host.service_name)
      .set("parent_port", numbers.parent_port);
}

void add_backend(Labels& labels, const Cluster& cluster, Numbers& numbers) {
  numbers.backend_port = std::to_string(cluster.port);
  labels.set("backend_group", kCore)
      .set("backend_kind", kService)
      .set("backend_namespace", cluster.service_ns)
      .set("backend_name", cluster.service_name)
      .set("backend_port", numbers.backend_port);
}

Text classification(const Call& call, int status) {
  const bool failed = call.route && call.route->classes ? call.route->classes->failed(status) : status >= 500;
  return failed || status == 0 ? "failure" : "success";
}

}  // namespace

void LinkerdSeries::Series::record(Duration latency, Duration duration) const {
  for (auto* counter : counters)
    if (counter) ++*counter;
  if (latency_ms) latency_ms->record(static_cast<std::uint64_t>(std::max<std::int64_t>(latency / 1ms, 0)));
  if (duration_s)
    duration_s->record_micros(static_cast<std::uint64_t>(std::max<std::int64_t>(duration / 1us, 0)));
}

std::size_t LinkerdSeries::Hash::operator()(const Key& key) const {
  const auto mix = [](std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 32);
  };
  auto hash = mix(reinterpret_cast<std::uintptr_t>(key.where), reinterpret_cast<std::uintptr_t>(key.who));
  hash = mix(hash, key.authorization);
  return mix(hash, key.status * 16u + static_cast<unsigned>(key.failure));
}

LinkerdSeries::Series LinkerdSeries::try_series(telemetry::Registry& registry, const Call& call) {
  const auto& endpoint = *call.endpoint.endpoint;
  const auto& cluster = *call.cluster->cluster;
  const bool secure = endpoint.security == Security::kMutualTls;
  Numbers numbers;
  numbers.status = std::to_string(call.last_status);
  Labels labels;
  labels.set("direction", "outbound")
      .set("authority", call.host->name)
      .set("tls", secure ? "true" : "no_identity");
  labels.set("no_tls_reason", secure ? "" : "not_provided_by_service_discovery");
  labels.set("server_id", endpoint.server_name)
      .set("dst_namespace", cluster.service_ns)
      .set("dst_service", cluster.service_name)
      .set("dst_pod", endpoint.owner.pod)
      .set("dst_deployment", endpoint.owner.workload)
      .set("dst_serviceaccount", endpoint.owner.service_account);
  add_target(labels, endpoint.address.text);
  labels.set("status_code", numbers.status).set("classification", classification(call, call.last_status));
  Series series;
  series.counters[0] = labels.counter(registry, MetricId::kLinkerdRequests);
  series.counters[1] = labels.counter(registry, MetricId::kLinkerdResponses);
  series.latency_ms = labels.histogram(registry, MetricId::kLinkerdLatency);
  if (call.host->budget) {
    labels.set("dst", call.host->name).set("rt_route", call.route->name);
    series.counters[2] = labels.counter(registry, MetricId::kProfileActualRequests);
    series.counters[3] = labels.counter(registry, MetricId::kProfileActualResponses);
    return series;
  }
  add_parent(labels, *call.host, numbers);
  add_route(labels, *call.route);
  add_backend(labels, cluster, numbers);
  const auto error = error_name(call.failure);
  labels.set("http_status", error.empty() ? Text(numbers.status) : Text{}).set("error", error);
  series.counters[2] = labels.counter(registry, MetricId::kLinkerdBackendRequests);
  series.counters[3] = labels.counter(registry, MetricId::kLinkerdBackendStatuses);
  series.duration_s = labels.histogram(registry, MetricId::kLinkerdBackendDuration);
  return series;
}

LinkerdSeries::Series LinkerdSeries::route_series(telemetry::Registry& registry, const Call& call,
                                                  int status) {
  Numbers numbers;
  numbers.status = std::to_string(status);
  Labels labels;
  Series series;
  if (const auto error = error_class(call.failure); !error.empty())
    series.counters[0] = Labels().set("error", error).counter(registry, MetricId::kLinkerdOutboundErrors);
  if (!call.host || !call.route) return series;
  if (call.host->budget) {
    labels.set("direction", "outbound").set("dst", call.host->name).set("rt_route", call.route->name);
    labels.set("status_code", numbers.status).set("classification", classification(call, status));
    series.counters[1] = labels.counter(registry, MetricId::kProfileRequests);
    series.counters[2] = labels.counter(registry, MetricId::kProfileResponses);
    series.latency_ms = labels.histogram(registry, MetricId::kProfileLatency);
    return series;
  }
  add_parent(labels, *call.host, numbers);
  add_route(labels, *call.route);
  const auto error = error_name(call.failure);
  labels.set("http_status", error.empty() ? Text(numbers.status) : Text{}).set("error", error);
  series.counters[1] = labels.counter(registry, MetricId::kLinkerdRouteStatuses);
  series.duration_s = labels.histogram(registry, MetricId::kLinkerdRouteDuration);
  return series;
}

LinkerdSeries::Series LinkerdSeries::inbound_series(telemetry::Registry& registry, const Call& call,
                                                    int status, std::string_view identity) {
  const Program& program = *call.program;
  Numbers numbers;
  numbers.status = std::to_string(status);
  numbers.port = std::to_string(program.port);
  const auto target = program.self.ip + ":" + numbers.port;
  Labels labels;
  labels.set("direction", "inbound").set("tls", identity.empty() ? "no_identity" : "true");
  labels.set("no_tls_reason", identity.empty() ? "no_tls_from_remote" : "").set("client_id", identity);
  add_target(labels, target);
  labels.set("srv_group", program.server_kind == "server" ? kPolicyGroup : Text{})
      .set("srv_kind", program.server_kind)
      .set("srv_name", program.server_name)
      .set("srv_port", numbers.port);
  Series series;
  if (!call.route) {
    series.counters[0] = labels.counter(registry, MetricId::kLinkerdRouteNotFound);
    return series;
  }
  add_route(labels, *call.route);
  if (call.authorization >= call.route->clients.size()) {
    series.counters[0] = labels.counter(registry, MetricId::kLinkerdAuthzDeny);
    return series;
  }
  const auto& clients = call.route->clients[call.authorization];
  labels.set("authz_group", clients.kind == "default" ? Text{} : kPolicyGroup)
      .set("authz_kind", clients.kind)
      .set("authz_name", clients.name);
  labels.set("status_code", numbers.status).set("classification", classification(call, status));
  series.counters[0] = labels.counter(registry, MetricId::kLinkerdAuthzAllow);
  if (call.limited_by != policy::ClientRateLimiter::Scope::kPassed) {
    const bool total = call.limited_by == policy::ClientRateLimiter::Scope::kTotal;
    labels.set("ratelimit_group", kPolicyGroup)
        .set("ratelimit_kind", "httplocalratelimitpolicy")
        .set("ratelimit_name", program.client_limit->name)
        .set("ratelimit_scope", total ? "total" : "identity");
    series.counters[1] = labels.counter(registry, MetricId::kLinkerdRateLimited);
    return series;
  }
  series.counters[1] = labels.counter(registry, MetricId::kLinkerdRequests);
  series.counters[2] = labels.counter(registry, MetricId::kLinkerdResponses);
  series.latency_ms = labels.histogram(registry, MetricId::kLinkerdLatency);
  if (const auto error = error_class(call.failure); !error.empty()) {
    labels.set("error", error);
    series.counters[3] = labels.counter(registry, MetricId::kLinkerdInboundErrors);
  }
  return series;
}

void LinkerdSeries::count_try(telemetry::Registry& registry, const Call& call, Duration latency,
                              Duration duration) {
  if (tries_.size() >= kKnownMax) tries_.clear();
  const Key key{call.endpoint.endpoint, call.route, 0, static_cast<std::uint16_t>(call.last_status),
                call.failure};
  auto found = tries_.find(key);
  if (found == tries_.end()) found = tries_.emplace(key, try_series(registry, call)).first;
  found->second.record(latency, duration);
}

void LinkerdSeries::count_call(telemetry::Registry& registry, const Call& call, int status,
                               std::string_view identity, Duration latency, Duration duration) {
  const bool inbound = call.program->direction == Direction::kInbound;
  // A caller that no manifest names has no address to be known by.
  if (inbound && !call.peer && !identity.empty())
    return inbound_series(registry, call, status, identity).record(latency, duration);
  if (calls_.size() >= kKnownMax) calls_.clear();
  const void* where = call.route ? static_cast<const void*>(call.route) : call.host;
  const auto limited = static_cast<std::uint32_t>(call.limited_by) << 24;
  const Key key{where, call.peer, call.authorization ^ limited, static_cast<std::uint16_t>(status),
                call.failure};
  auto found = calls_.find(key);
  if (found == calls_.end())
    found = calls_
                .emplace(key, inbound ? inbound_series(registry, call, status, identity)
                                      : route_series(registry, call, status))
                .first;
  found->second.record(latency, duration);
}

LinkerdSeries::Series LinkerdSeries::retry_series(telemetry::Registry& registry, const Call& call,
                                                  LinkerdRetry what) {
  Numbers numbers;
  Labels labels;
  Series series;
  if (call.host->budget) {
    labels.set("direction", "outbound").set("dst", call.host->name).set("rt_route", call.route->name);
    const bool skipped = what == LinkerdRetry::kOverflow;
    if (skipped || what == LinkerdRetry::kRequest)
      series.counters[0] = labels.counter(registry, MetricId::kProfileRetryable);
    if (skipped)
      series.counters[1] = labels.set("skipped", "no_budget").counter(registry, MetricId::kProfileRetryable);
    return series;
  }
  static constexpr MetricId kIds[] = {MetricId::kLinkerdRetryRequests, MetricId::kLinkerdRetrySuccesses,
                                      MetricId::kLinkerdRetryLimitExceeded, MetricId::kLinkerdRetryOverflow};
  add_parent(labels, *call.host, numbers);
  add_route(labels, *call.route);
  series.counters[0] = labels.counter(registry, kIds[static_cast<std::size_t>(what)]);
  return series;
}

void LinkerdSeries::count_retry(telemetry::Registry& registry, const Call& call, LinkerdRetry what) {
  const Key key{call.route, call.host, 0, static_cast<std::uint16_t>(what), Failure::kNone};
  auto found = retries_.find(key);
  if (found == retries_.end()) found = retries_.emplace(key, retry_series(registry, call, what)).first;
  found->second.record({}, {});
}

void write_balancer(telemetry::Registry& registry, const ClusterState& state) {
  const auto& cluster = *state.cluster;
  Numbers numbers;
  numbers.parent_port = std::to_string(cluster.parent_port);
  Labels labels;
  labels.set("parent_group", kCore)
      .set("parent_kind", kService)
      .set("parent_namespace", cluster.parent_ns)
      .set("parent_name", cluster.parent_name)
      .set("parent_port", numbers.parent_port);
  add_backend(labels, cluster, numbers);
  const auto ready =
      std::count_if(state.loads.begin(), state.loads.end(), [](const auto& l) { return l.usable; });
  const auto set = [&](Text which, std::ptrdiff_t count) {
    auto mine = labels;
    registry.gauge(MetricId::kLinkerdBalancerEndpoints,
                   mine.set("endpoint_state", which).of(MetricId::kLinkerdBalancerEndpoints)) = count;
  };
  set("ready", ready);
  set("pending", static_cast<std::ptrdiff_t>(state.loads.size()) - ready);
}

}  // namespace marty::engine
