#pragma once

#include "dialect/istio/parts.hpp"
#include "manifest/resource.hpp"

/// DestinationRule (networking.istio.io), istio.md 1.2 and 2.7–2.9: limits, ejection and versions of a host.
namespace marty::dialect::istio {

struct ConnectionPool {
  struct Tcp {
    Maybe<std::uint32_t> max_connections;
    Maybe<Duration> connect_timeout, idle_timeout, max_connection_duration;
    Origin origin;
  };
  struct Http {
    Maybe<std::uint32_t> max_pending_requests, max_requests, max_requests_per_connection, max_retries;
    Maybe<Duration> idle_timeout;
    Origin origin;
  };
  std::optional<Tcp> tcp;
  std::optional<Http> http;
  Origin origin;
};

struct OutlierDetection {
  Maybe<std::uint32_t> consecutive_5xx, consecutive_gateway_errors, consecutive_local_origin_failures;
  Maybe<bool> split_external_local_origin_errors;
  Maybe<Duration> interval, base_ejection_time;
  Maybe<std::uint32_t> max_ejection_percent, min_health_percent;
  Origin origin;
};

enum class SimpleBalancer { kUnspecified, kLeastConn, kRandom, kPassthrough, kRoundRobin, kLeastRequest };
struct ConsistentHash {};
struct LoadBalancerSettings {
  Maybe<SimpleBalancer> simple;
  std::optional<ConsistentHash> consistent_hash;
};

enum class ClientTlsMode { kDisable, kSimple, kMutual, kIstioMutual };
struct ClientTls {
  Sourced<ClientTlsMode> mode{ClientTlsMode::kDisable};
  Origin origin;
};

struct PortLevel {};
struct TrafficPolicy {
  std::optional<LoadBalancerSettings> balancer;
  std::optional<ConnectionPool> pool;
  std::optional<OutlierDetection> outliers;
  std::optional<ClientTls> tls;
  std::vector<PortLevel> port_level;
};

struct SubsetRule {
  Text name;
  mesh::Labels labels;
  std::optional<TrafficPolicy> policy;
  Origin origin;
};

struct DestinationRule {
  static constexpr const char* kKind = "DestinationRule";
  Text host;
  std::optional<TrafficPolicy> policy;
  std::vector<SubsetRule> subsets;
  TextList export_to;
};
const manifest::Table& fields(Tag<ConnectionPool::Tcp>);
const manifest::Table& fields(Tag<ConnectionPool::Http>);
const manifest::Table& fields(Tag<DestinationRule>);

void read_destination_rule(const manifest::Resource&, mesh::Model&, Diagnostics&);
/// Several rules for one host in one namespace act as one: the first trafficPolicy counts as a whole, subsets
/// add up and of two with one name the first counts (istio.md 2.9).
void merge_rules_of_one_host(std::vector<mesh::DestinationPolicy>&);
DestinationRule from_model(const mesh::DestinationPolicy&);

}  // namespace marty::dialect::istio
