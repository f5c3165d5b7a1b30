#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* limit : estate.of("HTTPLocalRateLimitPolicy")) {
    const auto* server = estate.find("Server", *limit->ns, text(limit->root, "spec.targetRef.name"));
    const Node* protocol = server == nullptr ? nullptr : get(server->root, "spec.proxyProtocol");
    const Node* target = get(limit->root, "spec.targetRef");
    if (protocol == nullptr || target == nullptr ||
        (protocol->text != "gRPC" && protocol->text != "opaque" && protocol->text != "TLS"))
      continue;
    report
        .at(*limit, *target, "spec.targetRef",
            fmt::format("Server '{}' speaks {}, for which Linkerd has no rate limit", *server->name,
                        protocol->text))
        .notes = {see(*protocol, "its protocol"), {{}, "limits are for unknown, HTTP/1 and HTTP/2"}};
  }
}

}  // namespace

extern const Rule rate_limit_not_for_protocol{
    .id = "rate-limit-not-for-protocol",
    .severity = Severity::kError,
    .peers = "",
    .title = "a rate limit on a Server whose protocol has none",
    .why =
        "HTTPLocalRateLimitPolicy is carried out for Servers of unknown, HTTP/1 and HTTP/2 protocol only. "
        "For gRPC, "
        "opaque and TLS it is accepted and ignored.",
    .bad = R"(
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets} # <<
  total: {requestsPerSecond: 100}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80, proxyProtocol: gRPC}
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: pets, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: pets}
  total: {requestsPerSecond: 100}
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: pets, namespace: shop}
spec: {podSelector: {}, port: 80, proxyProtocol: HTTP/1}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
