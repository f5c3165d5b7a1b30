#include <fmt/format.h>

#include "manifest/duration.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

std::optional<Duration> duration_at(const Node& node, const Way& way) {
  return manifest::parse_duration(text(node, way));
}

/// The waits before all retries together, at their longest: 25ms, 50ms, 100ms … up to 250ms (istio.md 2.4).
Duration longest_waits(std::int64_t retries) {
  Duration sum{};
  for (Duration wait = 25ms; retries-- > 0; wait = std::min<Duration>(2 * wait, 250ms)) {
    if (wait == 250ms) return sum + wait * (retries + 1);
    sum += wait;
  }
  return sum;
}

void no_room_to_wait(const Resource& resource, const Place& route, Duration timeout, Duration tries,
                     Duration waits, Report& report) {
  auto& finding =
      report.at(resource, *get(route.node, "timeout"), route.path + ".timeout",
                fmt::format("the tries take {} and the waits between them up to {}, but the timeout is {}: "
                            "the last try is cut short",
                            manifest::print_duration(tries), manifest::print_duration(waits),
                            manifest::print_duration(timeout)));
  finding.severity = Severity::kInfo;
  finding.notes = {
      see(*get(route.node, "retries.perTryTimeout"), "the time of each try"),
      {{}, fmt::format("a timeout of {} lets all of them end", manifest::print_duration(tries + waits))}};
}

void check_route(const Resource& resource, const Place& route, Report& report) {
  const auto per_try = duration_at(route.node, "retries.perTryTimeout");
  if (!per_try) return;
  const auto timeout = duration_at(route.node, "timeout");
  const auto attempts = number(route.node, "retries.attempts");
  if (!timeout || *timeout <= Duration{} || !attempts || *attempts < 1) return;
  const auto tries = *attempts + 1;
  const auto needed = *per_try * tries;
  const auto waits = longest_waits(*attempts);
  if (needed + waits <= *timeout) return;
  if (needed <= *timeout) return no_room_to_wait(resource, route, *timeout, needed, waits, report);
  const auto fit = *timeout / *per_try;
  report
      .at(resource, *get(route.node, "timeout"), route.path + ".timeout",
          fmt::format("{} tries of {} take {}, more than the timeout of {}: only {} of them can run in full",
                      tries, manifest::print_duration(*per_try), manifest::print_duration(needed),
                      manifest::print_duration(*timeout), fit))
      .notes = {see(*get(route.node, "retries.perTryTimeout"), "the time of each try"),
                {{},
                 fmt::format("a perTryTimeout of {} fits all of them",
                             manifest::print_duration(Duration((*timeout / tries) / 1ms * 1ms)))}};
}

/// Linkerd's retry.linkerd.io/timeout ends each try but the last.
void check_linkerd(const Resource& resource, Report& report) {
  const Node* annotations = get(resource.root, "metadata.annotations");
  if (!is_mapping(annotations)) return;
  const Node *limit = annotations->find("retry.linkerd.io/limit"),
             *each_try = annotations->find("retry.linkerd.io/timeout"),
             *whole = annotations->find("timeout.linkerd.io/request");
  if (each_try == nullptr || whole == nullptr) return;
  const auto retries =
      limit == nullptr ? 1 : std::clamp<std::int64_t>(number(*limit, "").value_or(1), 1, UINT16_MAX);
  const auto per_try = manifest::parse_duration(each_try->text), all = manifest::parse_duration(whole->text);
  if (!per_try || !all || *all <= Duration{} || *per_try > 24h || *per_try * retries < *all) return;
  report
      .at(resource, *whole, "metadata.annotations.timeout.linkerd.io/request",
          fmt::format("{} slow tries of {} come before the last one, and take all of the {}: it never starts",
                      retries, manifest::print_duration(*per_try), manifest::print_duration(*all)))
      .notes = {
      see(*each_try, "the time of each try but the last"),
      {{}, fmt::format("more than {} leaves room for it", manifest::print_duration(*per_try * retries))}};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[]",
       [&](const Resource* resource, const Place& route) { check_route(*resource, route, report); });
  for (const auto* kind : {"Service", "HTTPRoute", "GRPCRoute"})
    for (const auto* resource : estate.of(kind)) check_linkerd(*resource, report);
}

}  // namespace

extern const Rule timeout_cuts_retries{
    .id = "timeout-cuts-retries",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a route's timeout ends before its retries can run",
    .why =
        "The timeout of a route spans all tries and the waits between them. When perTryTimeout times the "
        "number of tries (attempts + 1) is more, the last tries never start in the very case they are for: a "
        "slow upstream. Shorten the tries or lengthen the timeout. Under Linkerd the same holds for "
        "timeout.linkerd.io/request and retry.linkerd.io/timeout, which ends each try but the last.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - timeout: 30s # <<
    retries: {attempts: 3, perTryTimeout: 10s, retryOn: connect-failure}
    route: [{destination: {host: pets}}]
---
apiVersion: v1
kind: Service
metadata:
  name: toys
  namespace: play
  annotations:
    retry.linkerd.io/http: gateway-error
    retry.linkerd.io/limit: "2"
    retry.linkerd.io/timeout: 1s
    timeout.linkerd.io/request: 2s # <<
spec:
  ports: [{name: http, port: 80}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    timeout: 30s
    retries: {attempts: 3, perTryTimeout: 7s, retryOn: gateway-error}
    route: [{destination: {host: pets}}]
---
apiVersion: v1
kind: Service
metadata:
  name: toys
  namespace: play
  annotations:
    retry.linkerd.io/http: gateway-error
    retry.linkerd.io/limit: "2"
    retry.linkerd.io/timeout: 500ms
    timeout.linkerd.io/request: 2s
spec:
  ports: [{name: http, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
