#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  std::map<std::string, const Node*> hashed;
  for (const auto* rule : estate.of("DestinationRule"))
    if (const Node* hash = get(rule->root, "spec.trafficPolicy.loadBalancer.consistentHash"))
      hashed.emplace(dialect::fqdn(text(rule->root, "spec.host"), *rule->ns), hash);
  if (hashed.empty()) return;
  each(estate.of("VirtualService"), "spec.http[]", [&](const Resource* resource, const Place& route) {
    std::map<std::string, int> shares;  // destinations that get a part of the requests
    each(route.node, "route[]", [&](const Place& to) {
      if (number(to.node, "weight").value_or(0) > 0)
        ++shares[dialect::fqdn(text(to.node, "destination.host"), *resource->ns)];
    });
    for (const auto& [host, count] : shares) {
      const auto hash = hashed.find(host);
      if (hash == hashed.end() || count < 2) continue;
      report
          .at(*resource, *route.node.find("route"), route.path + ".route",
              fmt::format("each request draws one of {} parts of '{}' first: a session does not stay with "
                          "one pod",
                          count, host))
          .notes = {see(*hash->second, "sessions are asked for here"),
                    {{}, "split by a header or cookie in 'match' instead of by weight"}};
    }
  });
}

}  // namespace

extern const Rule split_breaks_sessions{
    .id = "split-breaks-sessions",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a weighted split in front of consistent hashing",
    .why =
        "The split is drawn anew for every request, before the hash is looked at, and each subset has a "
        "hash ring of its own. One user meets both versions in turn and two pods, so what was kept in "
        "memory or cached for the session is not there.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets, subset: v1}, weight: 90} # <<
    - {destination: {host: pets, subset: v2}, weight: 10}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{headers: {x-group: {exact: early}}}]
    route: [{destination: {host: pets, subset: v2}}]
  - route: [{destination: {host: pets, subset: v1}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
