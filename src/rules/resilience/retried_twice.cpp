#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "rules/calls.hpp"
#include "rules/retries.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether a variable of that name says how often something is tried again.
bool counts_retries(std::string_view name) {
  constexpr std::string_view kWords[] = {"RETRIES", "MAX_RETRY", "RETRY_MAX", "RETRY_COUNT",
                                         "RETRY_ATTEMPTS"};
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  return std::ranges::any_of(kWords, [&](auto word) { return upper.find(word) != upper.npos; });
}

/// The retries that pods say they make themselves.
struct Own {
  std::uint64_t retries = 0;
  const Node* where = nullptr;
  std::string path;
};

Own own_retries(const Pods& pods) {
  Own own;
  each(*pods.spec, "containers[].env[]", [&](const Place& env) {
    const auto count = number(env.node, "value").value_or(0);
    if (count < 1 || count > 100 || !counts_retries(text(env.node, "name"))) return;
    if (static_cast<std::uint64_t>(count) > own.retries)
      own = {static_cast<std::uint64_t>(count), env.node.find("value"), env.path + ".value"};
  });
  return own;
}

bool has_sidecar(const Estate& estate, const Pods& pods) {
  return estate.istio_injected(pods.ns(), &pods) || estate.linkerd_injected(pods.ns(), &pods);
}

void check(const Estate& estate, Report& report) {
  std::map<const Pods*, Own> declared;
  for (const auto& pods : estate.pods())
    if (auto own = own_retries(pods); own.where != nullptr) declared.emplace(&pods, std::move(own));
  if (declared.empty()) return;
  const auto tries = tries_by_host(estate);
  each_call(estate, [&](const Call& call) {
    const auto known = declared.find(&call.from);
    if (known == declared.end() || !has_sidecar(estate, call.from)) return;
    const auto& own = known->second;
    const auto proxy =
        tries.find(fmt::format("{}.{}.svc.cluster.local", *call.service.name, *call.service.ns));
    if (proxy == tries.end() || !proxy->second.on_answers) return;
    const auto& sidecar = proxy->second;
    report
        .at(*call.from.owner, *own.where, own.path,
            fmt::format(
                "{} tries of the application's and {} of its sidecar's for each: one call of '{}' may "
                "become {}",
                own.retries + 1, sidecar.count, *call.service.name, (own.retries + 1) * sidecar.count))
        .notes = {see(call.place.node, "it calls it here"),
                  {{sidecar.origin, 1}, "the sidecar retries"},
                  {{},
                   "let one of the two retry: the sidecar knows other endpoints, the application knows "
                   "what may be repeated"}};
    declared.erase(known);  // one finding for a number
  });
}

}  // namespace

extern const Rule retried_twice{
    .id = "retried-twice",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "an application that retries beside its sidecar",
    .why =
        "An application's client library cannot see that a failure was already tried again below it, so its "
        "own retries multiply with those of the sidecar: 4 and 3 tries are 12 for each call, in the moment "
        "when the server has least to spare. The application's number is read from the environment "
        "(…RETRIES, MAX_RETRY…), so it may be about something else; this is an info.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: store}}]
    retries: {attempts: 2, retryOn: gateway-error}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        env:
        - {name: STORE_URL, value: "http://store:6000"}
        - name: STORE_RETRIES
          value: "3" # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: store}}]
    retries: {attempts: 2, retryOn: gateway-error}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: pets:1
        env:
        - {name: STORE_URL, value: "http://store:6000"}
        - {name: STORE_RETRIES, value: "0"}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
