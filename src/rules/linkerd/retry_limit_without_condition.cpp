#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto kind : {"Service", "HTTPRoute", "GRPCRoute"}) {
    for (const auto* resource : estate.of(kind)) {
      const Node* annotations = get(resource->root, "metadata.annotations");
      if (annotations == nullptr || annotations->find("retry.linkerd.io/http") != nullptr ||
          annotations->find("retry.linkerd.io/grpc") != nullptr)
        continue;
      for (const auto key : {"retry.linkerd.io/limit", "retry.linkerd.io/timeout"}) {
        const Node* value = annotations->find(key);
        if (value == nullptr) continue;
        report
            .at(*resource, *value, "metadata.annotations",
                fmt::format("{} alone retries no status at all", key))
            .notes = {{{}, "say which: retry.linkerd.io/http: gateway-error"}};
        break;
      }
    }
  }
}

}  // namespace

extern const Rule retry_limit_without_condition{
    .id = "retry-limit-without-condition",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "Linkerd retries with a limit but without a condition",
    .why =
        "retry.linkerd.io/limit and /timeout without retry.linkerd.io/http or /grpc leave the set of "
        "statuses to "
        "retry empty: a 503 is never retried, only requests that could not be sent. Name the statuses.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations:
    retry.linkerd.io/limit: "2" # <<
spec:
  ports: [{name: http, port: 80}]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations:
    retry.linkerd.io/http: gateway-error
    retry.linkerd.io/limit: "2"
spec:
  ports: [{name: http, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
