#include "dialect/istio/destination_rule.hpp"

#include <algorithm>
#include <map>

#include "dialect/names.hpp"

namespace marty::dialect::istio {

namespace {

policy::ConnectionLimits::Config limits_of(const ConnectionPool& pool) {
  policy::ConnectionLimits::Config limits;
  limits.origin = pool.origin;
  if (pool.tcp) {
    set_unless_zero(pool.tcp->max_connections, limits.max_connections);
    if (pool.tcp->connect_timeout) limits.connect_timeout = *pool.tcp->connect_timeout;
    if (pool.tcp->idle_timeout) limits.idle_timeout = *pool.tcp->idle_timeout;
  }
  if (pool.http) {
    set_unless_zero(pool.http->max_pending_requests, limits.max_pending_requests);
    set_unless_zero(pool.http->max_requests, limits.max_requests);
    set_unless_zero(pool.http->max_retries, limits.max_retries);
    set_unless_zero(pool.http->max_requests_per_connection, limits.max_requests_per_connection);
    if (pool.http->idle_timeout) limits.idle_timeout = *pool.http->idle_timeout;
  }
  return limits;
}

policy::OutlierDetection::Config outliers_of(const OutlierDetection& wire) {
  policy::OutlierDetection::Config config;
  const auto take = [](const auto& from, auto& to) {
    if (from) to = *from;
  };
  config.origin = wire.origin;
  take(wire.consecutive_5xx, config.consecutive_5xx);
  take(wire.consecutive_gateway_errors, config.consecutive_gateway_errors);
  take(wire.consecutive_local_origin_failures, config.consecutive_local_origin_failures);
  take(wire.split_external_local_origin_errors, config.split_external_local_origin_errors);
  take(wire.interval, config.interval);
  take(wire.base_ejection_time, config.base_ejection_time);
  set_unless_zero(wire.max_ejection_percent, config.max_ejection_percent);
  take(wire.min_health_percent, config.min_health_percent);
  return config;
}

std::optional<Sourced<policy::LoadBalancer>> balancer_of(const std::optional<LoadBalancerSettings>& wire) {
  if (!wire || !wire->simple) return {};
  const Origin origin = wire->simple->origin;
  switch (**wire->simple) {
    case SimpleBalancer::kRoundRobin:
      return Sourced{policy::LoadBalancer::kRoundRobin, origin};
    case SimpleBalancer::kRandom:
      return Sourced{policy::LoadBalancer::kRandom, origin};
    case SimpleBalancer::kUnspecified:
      return {};
    default:
      return Sourced{policy::LoadBalancer::kLeastRequest, origin};
  }
}

mesh::TrafficPolicy policy_of(const std::optional<TrafficPolicy>& wire) {
  mesh::TrafficPolicy policy;
  if (!wire) return policy;
  if (wire->pool) policy.limits = limits_of(*wire->pool);
  if (wire->outliers) policy.outliers = outliers_of(*wire->outliers);
  policy.balancer = balancer_of(wire->balancer);
  if (wire->tls) {
    const bool mutual = *wire->tls->mode == ClientTlsMode::kIstioMutual;
    policy.tls = Sourced{mutual ? policy::MtlsMode::kStrict : policy::MtlsMode::kDisable,
                         wire->tls->mode.written() ? wire->tls->mode.origin : wire->tls->origin};
  }
  return policy;
}

void merge(mesh::DestinationPolicy& into, mesh::DestinationPolicy&& from) {
  if (into.policy == mesh::TrafficPolicy{}) into.policy = std::move(from.policy);
  for (auto& subset : from.subsets) {
    const bool known = std::any_of(into.subsets.begin(), into.subsets.end(),
                                   [&](const auto& s) { return s.name == subset.name; });
    if (!known) into.subsets.push_back(std::move(subset));
  }
}

}  // namespace

void read_destination_rule(const manifest::Resource& resource, mesh::Model& model, Diagnostics& found) {
  manifest::Manifest<DestinationRule> wire;
  manifest::decode(resource.root, wire, resource.ref(), found);
  if (wire.spec.host->empty()) return;
  mesh::DestinationPolicy rule;
  rule.ns = *resource.ns;
  rule.host = fqdn(*wire.spec.host, rule.ns);
  rule.origin = wire.spec.host.origin;
  rule.policy = policy_of(wire.spec.policy);
  for (auto& subset : wire.spec.subsets) {
    rule.subsets.push_back(
        {*subset.name, std::move(subset.labels), policy_of(subset.policy), subset.name.origin});
  }
  model.destinations.push_back(std::move(rule));
}

void merge_rules_of_one_host(std::vector<mesh::DestinationPolicy>& rules) {
  std::vector<mesh::DestinationPolicy> merged;
  merged.reserve(rules.size());  // so that what is known of them stays valid
  std::map<std::pair<std::string_view, std::string_view>, mesh::DestinationPolicy*> known;
  for (auto& rule : rules) {
    if (const auto first = known.find({rule.host, rule.ns}); first != known.end()) {
      merge(*first->second, std::move(rule));
    } else {
      auto& kept = merged.emplace_back(std::move(rule));
      known[{kept.host, kept.ns}] = &kept;
    }
  }
  rules = std::move(merged);
}

namespace {

ConnectionPool written(const policy::ConnectionLimits::Config& limits) {
  const policy::ConnectionLimits::Config unset;
  ConnectionPool::Tcp tcp;
  ConnectionPool::Http http;
  write_unless(limits.max_connections, *unset.max_connections, tcp.max_connections);
  write_unless(limits.connect_timeout, *unset.connect_timeout, tcp.connect_timeout);
  write_unless(limits.max_pending_requests, *unset.max_pending_requests, http.max_pending_requests);
  write_unless(limits.max_requests, *unset.max_requests, http.max_requests);
  write_unless(limits.max_retries, *unset.max_retries, http.max_retries);
  write_unless(limits.max_requests_per_connection, *unset.max_requests_per_connection,
               http.max_requests_per_connection);
  write_unless(limits.idle_timeout, *unset.idle_timeout, http.idle_timeout);
  ConnectionPool pool;
  if (manifest::encode(tcp).size() > 0) pool.tcp = tcp;
  if (manifest::encode(http).size() > 0) pool.http = http;
  return pool;
}

OutlierDetection written(const policy::OutlierDetection::Config& config) {
  const policy::OutlierDetection::Config unset;
  OutlierDetection wire;
  write_unless(config.consecutive_5xx, *unset.consecutive_5xx, wire.consecutive_5xx);
  write_unless(config.consecutive_gateway_errors, *unset.consecutive_gateway_errors,
               wire.consecutive_gateway_errors);
  write_unless(config.consecutive_local_origin_failures, *unset.consecutive_local_origin_failures,
               wire.consecutive_local_origin_failures);
  write_unless(config.split_external_local_origin_errors, *unset.split_external_local_origin_errors,
               wire.split_external_local_origin_errors);
  write_unless(config.interval, *unset.interval, wire.interval);
  write_unless(config.base_ejection_time, *unset.base_ejection_time, wire.base_ejection_time);
  write_unless(config.max_ejection_percent, *unset.max_ejection_percent, wire.max_ejection_percent);
  write_unless(config.min_health_percent, *unset.min_health_percent, wire.min_health_percent);
  return wire;
}

std::optional<TrafficPolicy> written(const mesh::TrafficPolicy& policy) {
  if (policy == mesh::TrafficPolicy{}) return {};
  TrafficPolicy wire;
  if (policy.limits) wire.pool = written(*policy.limits);
  if (policy.outliers) wire.outliers = written(*policy.outliers);
  if (policy.balancer) {
    const auto balancer = **policy.balancer;
    wire.balancer.emplace().simple =
        Sourced{balancer == policy::LoadBalancer::kRoundRobin ? SimpleBalancer::kRoundRobin
                : balancer == policy::LoadBalancer::kRandom   ? SimpleBalancer::kRandom
                                                              : SimpleBalancer::kLeastRequest,
                policy.balancer->origin};
  }
  if (policy.tls) {
    const bool mutual = **policy.tls == policy::MtlsMode::kStrict;
    wire.tls =
        ClientTls{{mutual ? ClientTlsMode::kIstioMutual : ClientTlsMode::kDisable, policy.tls->origin}, {}};
  }
  return wire;
}

}  // namespace

DestinationRule from_model(const mesh::DestinationPolicy& policy) {
  DestinationRule wire;
  wire.host = {policy.host, policy.origin};
  wire.policy = written(policy.policy);
  for (const auto& subset : policy.subsets) {
    wire.subsets.push_back({{subset.name, subset.origin}, subset.labels, written(subset.policy), {}});
  }
  return wire;
}

}  // namespace marty::dialect::istio
