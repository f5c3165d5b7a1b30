#include <fmt/format.h>

#include "manifest/duration.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool retries_timeouts(std::string_view on) {
  for (const auto word : {"5xx", "gateway-error", "reset", "504"})
    if (on.find(word) != on.npos) return true;
  return false;
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[]", [&](const Resource* resource, const Place& route) {
    const auto per_try = manifest::parse_duration(text(route.node, "retries.perTryTimeout"));
    if (!per_try) return;
    const auto timeout = manifest::parse_duration(text(route.node, "timeout"));
    if (!timeout || *per_try >= *timeout || number(route.node, "retries.attempts").value_or(0) < 1 ||
        retries_timeouts(text(route.node, "retries.retryOn")))
      return;
    report
        .at(*resource, *get(route.node, "retries.perTryTimeout"), route.path + ".retries.perTryTimeout",
            fmt::format(
                "a slow try ends with 504 after {} and is not retried, so the timeout of {} never counts",
                manifest::print_duration(*per_try), manifest::print_duration(*timeout)))
        .notes = {see(*route.node.find("timeout"), "the timeout"),
                  {{}, "a timed-out try is retried for: gateway-error, 5xx, reset"}};
  });
}

}  // namespace

extern const Rule one_try_is_the_timeout{
    .id = "one-try-is-the-timeout",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "perTryTimeout cuts every request, and its timeouts are not retried",
    .why =
        "perTryTimeout ends each try, the only one included. Unless retryOn covers what a timed-out try "
        "becomes (a "
        "504: gateway-error, 5xx or reset), the request is over then, and the longer timeout of the route is "
        "decoration.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - timeout: 10s
    retries:
      attempts: 2
      perTryTimeout: 2s # <<
      retryOn: connect-failure,refused-stream
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    timeout: 10s
    retries: {attempts: 2, perTryTimeout: 2s, retryOn: "connect-failure,gateway-error"}
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
