#include <fmt/format.h>

#include "rules/looks.hpp"
#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

bool is_prime(std::int64_t n) {
  if (n < 2) return false;
  for (std::int64_t i = 2; i * i <= n; ++i)
    if (n % i == 0) return false;
  return true;
}

void check_hash(const Resource& rule, const Place& hash, Report& report) {
  check_needs_one(rule, hash, {"httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"},
                  report);
  check_exclusive(rule, hash, "ringHash", "maglev", report);
  for (const auto newer : {"ringHash", "maglev"})
    check_exclusive(rule, hash, newer, "minimumRingSize", report);
  const auto size = number(hash.node, "maglev.tableSize");
  if (size && *size != 0 && (!is_prime(*size) || *size >= 5'000'011))
    refuse(rule, hash, "maglev.tableSize",
           fmt::format("{} is no prime below 5000011, as Maglev's table needs", *size), report);
}

void check_balancer(const Resource& rule, const Place& balancer, Report& report) {
  if (const Node* hash = balancer.node.find("consistentHash"))
    check_hash(rule, {*hash, balancer.path + ".consistentHash"}, report);
  const auto simple = text(balancer.node, "simple");
  if (balancer.node.find("warmup") != nullptr && (simple == "RANDOM" || simple == "PASSTHROUGH"))
    refuse(rule, balancer, "warmup", fmt::format("{} knows no warm-up; this has no effect", simple), report)
        .severity = Severity::kWarning;
}

void check_pool(const Resource& rule, const Place& pool, Report& report) {
  check_needs_one(rule, pool, {"tcp", "http"}, report);
  if (text(pool.node, "http.h2UpgradePolicy") == "UPGRADE" &&
      is_true(get(pool.node, "http.useClientProtocol")))
    refuse(rule, pool, "http.useClientProtocol",
           "h2UpgradePolicy: UPGRADE is here too: one of them picks the protocol", report);
}

void check_keep_alive(const Resource& rule, const Place& alive, Report& report) {
  for (const auto field : {"interval", "timeout"})
    if (alive.node.find(field) == nullptr)
      refuse(rule, alive, {}, fmt::format("pings need '{}', too", field), report);
}

/// The settings of one port, or of a subset.
void check_policy(const Resource& rule, const Place& policy, Report& report) {
  const auto below = [&](const Way& field, const auto& check) {
    if (const Node* node = get(policy.node, field))
      check(rule, Place{*node, policy.path + "." + std::string(field.words())}, report);
  };
  below("connectionPool", check_pool);
  below("connectionPool.http.http2KeepAlive", check_keep_alive);
  below("loadBalancer", check_balancer);
}

void check_port(const Resource& rule, const Place& settings, Report& report) {
  if (get(settings.node, "port.number") == nullptr)
    refuse(rule, settings, {}, "which port? These settings need port.number", report);
  else
    check_needs_one(rule, settings, {"loadBalancer", "connectionPool", "outlierDetection", "tls"}, report);
  check_policy(rule, settings, report);
}

void check_tunnel(const Resource& rule, const Place& policy, Report& report) {
  check_exclusive(rule, policy, "tunnel", "proxyProtocol", report);
}

void check_subset(const Resource& rule, const Place& policy, Report& report) {
  check_policy(rule, policy, report);
  each(policy.node, "portLevelSettings[]", [&](const Place& at) {
    const std::string path = policy.path + "." + at.path;
    check_port(rule, {at.node, path}, report);
  });
  check_tunnel(rule, policy, report);
}

constexpr Look kLooks[] = {{"spec.trafficPolicy.connectionPool", check_pool},
                           {"spec.trafficPolicy.connectionPool.http.http2KeepAlive", check_keep_alive},
                           {"spec.trafficPolicy.loadBalancer", check_balancer},
                           {"spec.trafficPolicy.portLevelSettings[]", check_port},
                           {"spec.trafficPolicy", check_tunnel},
                           {"spec.subsets[].trafficPolicy", check_subset}};

void check(const Estate& estate, Report& report) { each(estate.of("DestinationRule"), kLooks, report); }

}  // namespace

extern const Rule settings_refused{
    .id = "settings-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "settings for a destination that are empty or contradict each other",
    .why =
        "A connectionPool has tcp or http, settings for a port name the port and set something, a consistent "
        "hash says what is hashed, and Maglev's table has a prime size. The schema lets an empty block pass; "
        "Istio's webhook does not, and the rule with all its limits stays out.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool: {} # <<
    loadBalancer:
      consistentHash: {maglev: {tableSize: 100}} # <<
    portLevelSettings:
    - port: {number: 80} # <<
    - outlierDetection: {consecutive5xxErrors: 5} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 100}}
    loadBalancer:
      consistentHash: {httpHeaderName: x-user, maglev: {tableSize: 101}}
    portLevelSettings:
    - port: {number: 80}
      outlierDetection: {consecutive5xxErrors: 5}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
