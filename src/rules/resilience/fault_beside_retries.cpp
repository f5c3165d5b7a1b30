#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  if (!any(estate.of("VirtualService"), {"spec.http[].fault"})) return;
  for (const auto* resource : estate.of("VirtualService")) {
    bool said = false;  // once for an object: its routes are usually variants of each other
    each(resource->root, "spec.http[]", [&](const Place& route) {
      if (said) return;
      const Node* fault = route.node.find("fault");
      const bool retries = number(route.node, "retries.attempts").value_or(0) > 0;
      if (fault == nullptr || (!retries && route.node.find("timeout") == nullptr)) return;
      said = true;
      const auto field = retries ? "retries" : "timeout";
      report
          .at(*resource, *fault, route.path + ".fault",
              fmt::format(
                  "the {} of this route never see its fault: the caller's sidecar injects it before them",
                  retries ? "retries" : "time limits"))
          .notes = {see(*route.node.find(field), "these"),
                    {{}, "to test them, make the server answer with errors instead"}};
    });
  }
}

}  // namespace

extern const Rule fault_beside_retries{
    .id = "fault-beside-retries",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a fault cannot test the retries or timeout of its own route",
    .why =
        "Faults are injected in the caller's sidecar before its router: an injected abort is never retried, "
        "an "
        "injected delay does not count towards the timeout, and outlier detection does not see either. So a "
        "chaos "
        "test through this route says nothing about them.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{headers: {x-chaos-enabled: {exact: "true"}}}]
    fault:
      abort: {httpStatus: 503, percentage: {value: 10}} # <<
    retries: {attempts: 3, retryOn: connect-failure}
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{headers: {x-chaos-enabled: {exact: "true"}}}]
    fault:
      abort: {httpStatus: 503, percentage: {value: 10}}
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
