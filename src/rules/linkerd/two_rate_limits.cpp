#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  std::map<std::pair<std::string_view, std::string_view>, const Node*> first;  // by namespace and Server
  for (const auto* limit : estate.of("HTTPLocalRateLimitPolicy")) {
    const Node* server = get(limit->root, "spec.targetRef.name");
    if (server == nullptr) continue;
    const auto [known, fresh] = first.try_emplace({*limit->ns, server->text}, server);
    if (!fresh)
      report
          .at(*limit, *server, "spec.targetRef.name",
              fmt::format("Server '{}' has a rate limit already: Linkerd takes the older of the two",
                          server->text))
          .notes = {see(*known->second, "the other one"),
                    {{}, "put total, identity and overrides into one policy"}};
  }
}

}  // namespace

extern const Rule two_rate_limits{
    .id = "two-rate-limits",
    .severity = Severity::kError,
    .peers = "",
    .title = "two rate limits for one Linkerd Server",
    .why =
        "Of several HTTPLocalRateLimitPolicies for one Server the oldest is in force; the others get the "
        "status RateLimitReasonAlreadyExists, which nobody is told about. Which one is the oldest may change "
        "when they are applied again.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 8080, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: all, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  total: {requestsPerSecond: 100}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: each, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets} # <<
  identity: {requestsPerSecond: 10}
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {matchLabels: {app: pets}}, port: 8080, proxyProtocol: HTTP/1}
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  total: {requestsPerSecond: 100}
  identity: {requestsPerSecond: 10}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
