#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Wish {
  std::int64_t attempts = 0;
  const Node* where = nullptr;
};

/// The most attempts any route asks for, by host.
std::map<std::string, Wish> wishes(const Estate& estate) {
  std::map<std::string, Wish> out;
  each(estate.of("VirtualService"), "spec.http[]", [&](const Resource* resource, const Place& route) {
    const Node* attempts = get(route.node, "retries.attempts");
    const auto count = number(route.node, "retries.attempts").value_or(0);
    each(route.node, "route[].destination.host", [&](const Place& host) {
      auto& wish = out[dialect::fqdn(host.node.text, *resource->ns)];
      if (count > wish.attempts) wish = {count, attempts};
    });
  });
  return out;
}

void check(const Estate& estate, Report& report) {
  std::optional<std::map<std::string, Wish>> wanted;  // few rules have such a limit
  each(estate.of("DestinationRule"),
       {"spec.trafficPolicy.connectionPool.http.maxRetries",
        "spec.subsets[].trafficPolicy.connectionPool.http.maxRetries"},
       [&](const Resource* rule, const Place& written) {
         const auto limit = number(written.node, {});
         if (!limit || *limit <= 0) return;
         if (!wanted) wanted = wishes(estate);
         const auto wish = wanted->find(dialect::fqdn(text(rule->root, "spec.host"), *rule->ns));
         if (wish == wanted->end() || *limit >= wish->second.attempts) return;
         report
             .at(*rule, written,
                 fmt::format(
                     "at most {} retries at a time for all calls together, but one call may ask for {}",
                     *limit, wish->second.attempts))
             .notes = {
             see(*wish->second.where, "asked for here"),
             {{}, "the limit is per calling proxy and cluster; over it there is no retry (flag UO)"}};
       });
}

}  // namespace

extern const Rule fewer_retries_than_attempts{
    .id = "fewer-retries-than-attempts",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a limit on parallel retries below what one call may ask for",
    .why =
        "maxRetries bounds the retries under way at one moment, in one calling proxy, for all requests to "
        "the "
        "host. When it is smaller than the attempts of a route a single slow moment uses it up, and other "
        "calls "
        "fail at once with the flag UO although they had attempts left.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - retries: {attempts: 3, retryOn: connect-failure}
    route: [{destination: {host: pets}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool:
      http:
        maxRetries: 2 # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - retries: {attempts: 3, retryOn: connect-failure}
    route: [{destination: {host: pets}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool:
      http:
        maxRetries: 30
)",
    .check = check,
};

}  // namespace marty::rules::catalog
