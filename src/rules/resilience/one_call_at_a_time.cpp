#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each(
      estate.of("DestinationRule"),
      {"spec.trafficPolicy.connectionPool", "spec.subsets[].trafficPolicy.connectionPool",
       "spec.trafficPolicy.portLevelSettings[].connectionPool",
       "spec.subsets[].trafficPolicy.portLevelSettings[].connectionPool"},
      [&](const Resource* rule, const Place& pool) {
        const auto connections = number(pool.node, "tcp.maxConnections");
        const auto waiting = number(pool.node, "http.http1MaxPendingRequests");
        if (!connections || !waiting || *connections != 1 || *waiting != 1) return;
        report
            .at(*rule, *get(pool.node, "http.http1MaxPendingRequests"),
                pool.path + ".http.http1MaxPendingRequests",
                "one call under way and one waiting, for each calling pod: the third at a time gets 503 (UO)")
            .notes = {
            see(*get(pool.node, "tcp.maxConnections"), "one connection, so one call under HTTP/1.1"),
            {{}, "the numbers of a demo of circuit breaking; take what one caller really needs"}};
      });
}

}  // namespace

extern const Rule one_call_at_a_time{
    .id = "one-call-at-a-time",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a connection pool that a third parallel call overflows",
    .why =
        "One connection and one pending request are the numbers by which tutorials show a circuit breaker "
        "open. Each calling pod then has one call under way and one in the queue, and every further one is "
        "answered 503 at once, however idle the server is. The limits hold for each caller by itself: two "
        "to five times the calls that one pod makes at its busiest is a start.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 1}
      http:
        http1MaxPendingRequests: 1 # <<
        maxRequestsPerConnection: 1
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool:
      tcp: {maxConnections: 50}
      http: {http1MaxPendingRequests: 100}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
