#include "engine/series.hpp"

#include <array>
#include <charconv>

#include "engine/cluster_state.hpp"

namespace marty::engine {
namespace {

using telemetry::MetricId;
using Labels = std::array<std::string_view, 25>;  // in the order of telemetry's Istio labels

constexpr std::size_t kKnownMax = 20'000, kStrangersMax = 1'000;
constexpr std::string_view kUnknown = "unknown", kClusterId = "Kubernetes";

std::string_view or_unknown(std::string_view text) { return text.empty() ? kUnknown : text; }

std::string_view first_label(const Self& self, std::initializer_list<const char*> names,
                             std::string_view other) {
  for (const char* name : names)
    if (const auto found = self.labels.find(name); found != self.labels.end()) return found->second;
  return other;
}

/// What the labels say of the calling or the answering workload; nullptr: not known.
struct Party {
  std::string_view workload = kUnknown, service = kUnknown, revision = "latest", ns = kUnknown,
                   app = kUnknown, version = kUnknown, cluster = kUnknown;
};
Party party(const Self* self) {
  if (!self) return {};
  return {or_unknown(self->workload),
          first_label(*self, {"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"},
                      self->workload),
          first_label(*self, {"service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"},
                      "latest"),
          or_unknown(self->ns),
          or_unknown(self->app),
          or_unknown(self->version),
          kClusterId};
}

/// The service a call was for, as far as it is known; for a host nobody knows Istio names the black hole. The
/// Host header itself is no label here: a client could make series without end.
struct Target {
  std::string_view service = kUnknown, name = kUnknown, ns = kUnknown;
};
Target target(const Call& call) {
  if (call.cluster) {
    const auto& cluster = *call.cluster->cluster;
    return {or_unknown(cluster.service), or_unknown(cluster.service_name), or_unknown(cluster.service_ns)};
  }
  if (!call.host) {
    const bool inbound = call.program->direction == Direction::kInbound;
    return {kUnknown, inbound ? kUnknown : "BlackHoleCluster", kUnknown};
  }
  const std::string_view fqdn = call.host->service;
  const auto dot = fqdn.find('.');
  if (dot == fqdn.npos) return {or_unknown(fqdn), or_unknown(fqdn), kUnknown};
  const auto rest = fqdn.substr(dot + 1);
  return {fqdn, fqdn.substr(0, dot), rest.substr(0, rest.find('.'))};
}

const char* class_of(int status) {
  static constexpr const char* kClasses[] = {"0", "1xx", "2xx", "3xx", "4xx", "5xx"};
  return kClasses[status >= 100 && status < 600 ? status / 100 : 0];
}

}  // namespace

std::string listener_name(const Program& program, const VirtualHost& host) {
  if (program.direction == Direction::kInbound) return "inbound_0.0.0.0_" + std::to_string(program.port);
  return "outbound_0.0.0.0_" + host.name.substr(host.name.rfind(':') + 1);
}

Series series_of(telemetry::Registry& registry, const Program& program, const Call& call, const CallEnd& end,
                 const Self* peer) {
  const bool outbound = program.direction == Direction::kOutbound;
  const auto own_identity = program.self.identity();
  const std::string_view peer_identity = outbound ? end.upstream_identity : end.request.peer_identity;
  const bool secure = !peer_identity.empty();
  const auto* other = outbound ? (call.endpoint.endpoint ? &call.endpoint.endpoint->owner : nullptr) : peer;
  const auto from = party(outbound ? &program.self : other);
  const auto to = party(outbound ? other : &program.self);
  const auto from_identity = !secure ? kUnknown : outbound ? std::string_view(own_identity) : peer_identity;
  const auto to_identity = !secure ? kUnknown : outbound ? peer_identity : std::string_view(own_identity);
  const auto service = target(call);
  const telemetry::FlagsText flags(call.flags);
  const auto code = std::to_string(end.status);
  const Labels labels{outbound ? "source" : "destination",
                      from.workload,
                      from.service,
                      from.revision,
                      from.ns,
                      from_identity,
                      from.app,
                      from.version,
                      from.cluster,
                      to.workload,
                      to.ns,
                      to_identity,
                      to.app,
                      to.version,
                      service.service,
                      to.service,
                      to.revision,
                      service.name,
                      service.ns,
                      to.cluster,
                      "http",
                      code,
                      "",
                      flags.view(),
                      outbound ? kUnknown : std::string_view(secure ? "mutual_tls" : "none")};
  Series series;
  series.requests = &registry.counter(MetricId::kRequests, labels);
  series.duration = &registry.histogram(MetricId::kRequestDuration, labels);
  series.request_bytes = &registry.histogram(MetricId::kRequestBytes, labels);
  series.response_bytes = &registry.histogram(MetricId::kResponseBytes, labels);
  if (call.host || !outbound) {
    const auto listener = listener_name(program, call.host ? *call.host : program.hosts.front());
    series.listener =
        &registry.counter(MetricId::kDownstreamRqTotal, std::array<std::string_view, 1>{listener});
    series.listener_class = &registry.counter(
        MetricId::kDownstreamRqByClass, std::array<std::string_view, 2>{listener, class_of(end.status)});
  }
  if (call.cluster && end.status != 0) {
    const std::string_view name = call.cluster->cluster->name;
    series.cluster_code =
        &registry.counter(MetricId::kUpstreamRqByCode, std::array<std::string_view, 2>{name, code});
    series.cluster_class = &registry.counter(MetricId::kUpstreamRqByClass,
                                             std::array<std::string_view, 2>{name, class_of(end.status)});
  }
  return series;
}

std::size_t SeriesCache::Hash::operator()(const Key& key) const {
  const auto mix = [](std::uint64_t hash, std::uint64_t word) {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 32);
  };
  auto hash = mix(reinterpret_cast<std::uintptr_t>(key.where), reinterpret_cast<std::uintptr_t>(key.peer));
  hash = mix(hash, key.flags);
  return mix(hash, key.status * 2u + (key.secure ? 1 : 0));
}

Self stranger(std::string_view spiffe_id) {
  Self self;
  const auto after = [&](std::string_view mark) {
    const auto at = spiffe_id.find(mark);
    if (at == spiffe_id.npos) return std::string();
    const auto rest = spiffe_id.substr(at + mark.size());
    return std::string(rest.substr(0, rest.find('/')));
  };
  self.ns = after("/ns/");
  self.service_account = after("/sa/");
  return self;
}

const Self* SeriesCache::peer_of(const Call& call, const CallEnd& end) {
  const auto identity = end.request.peer_identity;
  if (call.peer || identity.empty() || call.program->direction == Direction::kOutbound) return call.peer;
  const auto known = strangers_.find(identity);
  if (known != strangers_.end()) return &known->second;
  return &strangers_.emplace(identity, stranger(identity)).first->second;
}

const Series& SeriesCache::find(telemetry::Registry& registry, const Program& program, const Call& call,
                                const CallEnd& end) {
  if (known_.size() >= kKnownMax || strangers_.size() >= kStrangersMax) {
    known_.clear();
    strangers_.clear();
  }
  const auto* peer = peer_of(call, end);
  const bool outbound = program.direction == Direction::kOutbound;
  const bool secure = !(outbound ? end.upstream_identity : end.request.peer_identity).empty();
  const void* where = call.endpoint.endpoint ? static_cast<const void*>(call.endpoint.endpoint)
                      : call.cluster         ? static_cast<const void*>(call.cluster)
                                             : static_cast<const void*>(call.host);
  const Key key{where, peer, call.flags.bits(), static_cast<std::uint16_t>(end.status), secure};
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  return known_[key] = series_of(registry, program, call, end, peer);
}

}  // namespace marty::engine
