#include <set>

#include <fmt/format.h>

#include "dialect/istio/destination_rule.hpp"
#include "dialect/names.hpp"

namespace marty::dialect::istio {

using namespace manifest;

namespace {

constexpr Range kCount = at_least(0);
// 0s switches the idle timeout off, so only negative values are wrong.
constexpr Range kIdleTimeout{0, 1e300, 1'000'000, "Istio takes whole milliseconds, and 0s for 'never'"};

void check_outliers(const OutlierDetection& outliers, const Node& node, Reader& reader) {
  const bool local =
      outliers.consecutive_local_origin_failures && **outliers.consecutive_local_origin_failures > 0;
  const bool split =
      outliers.split_external_local_origin_errors && **outliers.split_external_local_origin_errors;
  if (local && !split) {
    reader.error("conflicting-fields", node.find("consecutiveLocalOriginFailures")->range(),
                 "consecutiveLocalOriginFailures needs splitExternalLocalOriginErrors: true");
  }
  if (outliers.max_ejection_percent && **outliers.max_ejection_percent == 0) {
    reader.warning("zero-means-unset", node.find("maxEjectionPercent")->range(),
                   "Istio reads maxEjectionPercent: 0 as not set, which is 10");
  }
}

void check_policy(const TrafficPolicy&, const Node& node, Reader& reader) {
  if (node.size() == 0)
    reader.error("missing-field", node.range(), "a trafficPolicy needs at least one field");
}

void check_rule(const DestinationRule& rule, const Node&, Reader& reader) {
  std::set<std::string_view> names;
  for (const auto& subset : rule.subsets) {
    if (names.insert(*subset.name).second) continue;
    reader.error("duplicate-subset", {subset.name.origin, static_cast<std::uint16_t>(subset.name->size())},
                 fmt::format("the subset '{}' is defined twice", *subset.name));
  }
}

}  // namespace

const Table& fields(Tag<ConnectionPool::Tcp>) {
  using T = ConnectionPool::Tcp;
  static const Fields<T> table{
      "TCPSettings",
      {field("maxConnections", &T::max_connections, kCount, "0 means unset, which is no limit"),
       field("connectTimeout", &T::connect_timeout, kIstioDuration),
       field("idleTimeout", &T::idle_timeout, kIdleTimeout),
       field("maxConnectionDuration", &T::max_connection_duration, kIstioDuration, kNotEnforced),
       ignored("tcpKeepalive", kNotEnforced)}};
  return table;
}

const Table& fields(Tag<ConnectionPool::Http>) {
  using H = ConnectionPool::Http;
  static const Fields<H> table{
      "HTTPSettings",
      {field("http1MaxPendingRequests", &H::max_pending_requests, kCount,
             "requests that wait for a connection"),
       field("http2MaxRequests", &H::max_requests, kCount, "requests at a time, HTTP/1.1 as well"),
       field("maxRequestsPerConnection", &H::max_requests_per_connection, kCount),
       field("maxRetries", &H::max_retries, kCount, "retries at a time"),
       field("idleTimeout", &H::idle_timeout, kIdleTimeout), ignored("h2UpgradePolicy", kNotEnforced),
       ignored("useClientProtocol", kNotEnforced), ignored("maxConcurrentStreams"),
       ignored("http2KeepAlive")}};
  return table;
}

const Table& fields(Tag<ConnectionPool>) {
  static const Fields<ConnectionPool> table{
      "ConnectionPoolSettings", {field("tcp", &ConnectionPool::tcp), field("http", &ConnectionPool::http)}};
  return table;
}

const Table& fields(Tag<OutlierDetection>) {
  using O = OutlierDetection;
  static const Fields<O> table{
      "OutlierDetection",
      {field("consecutiveGatewayErrors", &O::consecutive_gateway_errors, kCount,
             "502, 503, 504 in a row; 0: off"),
       field("consecutive5xxErrors", &O::consecutive_5xx, kCount, "server errors in a row; 0: off"),
       field("interval", &O::interval, kIstioDuration, "time between two sweeps"),
       field("baseEjectionTime", &O::base_ejection_time, kIstioDuration,
             "times the number of ejections so far"),
       field("maxEjectionPercent", &O::max_ejection_percent, range(0, 100), "of all endpoints, strictly"),
       field("minHealthPercent", &O::min_health_percent, range(0, 100)),
       field("splitExternalLocalOriginErrors", &O::split_external_local_origin_errors),
       field("consecutiveLocalOriginFailures", &O::consecutive_local_origin_failures, kCount),
       ignored("consecutiveErrors",
               deprecated("it has no effect; write consecutiveGatewayErrors or consecutive5xxErrors")),
       ignored("outlierDetectionHttpErrorCodes", kNotEnforced)},
      check_outliers};
  return table;
}

std::span<const Spelling> spellings(Tag<SimpleBalancer>) {
  using B = SimpleBalancer;
  static constexpr Spelling kAll[] = {
      spell("UNSPECIFIED", B::kUnspecified), spell("LEAST_CONN", B::kLeastConn),
      spell("RANDOM", B::kRandom),           spell("PASSTHROUGH", B::kPassthrough),
      spell("ROUND_ROBIN", B::kRoundRobin),  spell("LEAST_REQUEST", B::kLeastRequest)};
  return kAll;
}

const Table& fields(Tag<ConsistentHash>) {
  static const Fields<ConsistentHash> table{
      "ConsistentHashLB",
      {ignored("httpHeaderName"), ignored("httpCookie"), ignored("useSourceIp"),
       ignored("httpQueryParameterName"), ignored("ringHash"), ignored("maglev"),
       ignored("minimumRingSize", deprecated("write ringHash: {minimumRingSize: …}"))}};
  return table;
}

const Table& fields(Tag<LoadBalancerSettings>) {
  using L = LoadBalancerSettings;
  static const Fields<L> table{"LoadBalancerSettings",
                               {field("simple", &L::simple, OneOf{"kind"}),
                                field("consistentHash", &L::consistent_hash, OneOf{"kind"}, kNotEnforced),
                                ignored("localityLbSetting", kNotEnforced),
                                ignored("zoneAwareLbSetting", kNotEnforced), ignored("warmup", kNotEnforced),
                                ignored("warmupDurationSecs", deprecated("write warmup: {duration: …}"))}};
  return table;
}

std::span<const Spelling> spellings(Tag<ClientTlsMode>) {
  using M = ClientTlsMode;
  static constexpr Spelling kAll[] = {spell("DISABLE", M::kDisable), spell("SIMPLE", M::kSimple),
                                      spell("MUTUAL", M::kMutual), spell("ISTIO_MUTUAL", M::kIstioMutual)};
  return kAll;
}

const Table& fields(Tag<ClientTls>) {
  static const Fields<ClientTls> table{
      "ClientTLSSettings",
      {field("mode", &ClientTls::mode, "DISABLE when left out"), ignored("clientCertificate"),
       ignored("privateKey"), ignored("caCertificates"), ignored("credentialName"),
       ignored("subjectAltNames"), ignored("sni"), ignored("insecureSkipVerify"), ignored("caCrl")}};
  return table;
}

const Table& fields(Tag<PortLevel>) {
  static const Fields<PortLevel> table{"PortTrafficPolicy",
                                       {ignored("port"), ignored("loadBalancer"), ignored("connectionPool"),
                                        ignored("outlierDetection"), ignored("tls")}};
  return table;
}

const Table& fields(Tag<TrafficPolicy>) {
  using P = TrafficPolicy;
  static const Fields<P> table{
      "TrafficPolicy",
      {field("loadBalancer", &P::balancer), field("connectionPool", &P::pool),
       field("outlierDetection", &P::outliers),
       field("tls", &P::tls, "switches automatic mTLS off for this host"),
       field("portLevelSettings", &P::port_level, kNotEnforced), ignored("tunnel", kNotEnforced),
       ignored("proxyProtocol", kNotEnforced), ignored("retryBudget", kNotEnforced)},
      check_policy};
  return table;
}

const Table& fields(Tag<SubsetRule>) {
  using S = SubsetRule;
  static const Fields<S> table{
      "Subset",
      {field("name", &S::name, kRequired, kDnsLabel), field("labels", &S::labels, "of the pods"),
       field("trafficPolicy", &S::policy)}};
  return table;
}

const Table& fields(Tag<DestinationRule>) {
  using D = DestinationRule;
  static const Fields<D> table{"DestinationRule.spec",
                               {field("host", &D::host, kRequired, kHost), field("trafficPolicy", &D::policy),
                                field("subsets", &D::subsets), field("exportTo", &D::export_to),
                                ignored("workloadSelector", kNotEnforced)},
                               check_rule};
  return table;
}

}  // namespace marty::dialect::istio
