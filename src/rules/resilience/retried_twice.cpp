#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

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

void check_applications(const Estate& estate, Report& report) {
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

/// Gateways of Istio's whose pods have Linkerd's proxy as well, by namespace/name.
std::set<std::string> gateways_in_linkerd(const Estate& estate) {
  std::vector<const Pods*> edge;
  for (const auto& pods : estate.pods())
    if (pods.labels.contains("istio") && estate.linkerd_injected(pods.ns(), &pods)) edge.push_back(&pods);
  std::set<std::string> out;
  if (edge.empty()) return out;
  for (const auto* gateway : estate.of("Gateway")) {
    const auto selector = labels_at(get(gateway->root, "spec.selector"));
    if (!selector.empty() &&
        std::ranges::any_of(edge, [&](auto* pods) { return mesh::selects(selector, pods->labels); }))
      out.insert(*gateway->ns + "/" + *gateway->name);
  }
  return out;
}

/// What makes Linkerd's proxies repeat failed calls of a Service: its annotation, or its ServiceProfile.
const Node* retried_by_linkerd(const Estate& estate, const Resource& service) {
  const Node* annotations = get(service.root, "metadata.annotations");
  const Node* out = annotations == nullptr ? nullptr : annotations->find("retry.linkerd.io/http");
  if (out != nullptr) return out;
  const auto name = fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns);
  if (const auto* profile = estate.find("ServiceProfile", *service.ns, name))
    each(profile->root, "spec.routes[].isRetryable", [&](const Place& at) {
      if (is_true(&at.node) && out == nullptr) out = &at.node;
    });
  return out;
}

void check_gateways(const Estate& estate, Report& report) {
  const auto gateways = gateways_in_linkerd(estate);
  if (gateways.empty()) return;
  for (const auto* resource : estate.of("VirtualService")) {
    bool bound = false;
    each(resource->root, "spec.gateways[]", [&](const Place& at) {
      bound |= gateways.contains(
          at.node.text.find('/') == std::string::npos ? *resource->ns + "/" + at.node.text : at.node.text);
    });
    if (!bound) continue;
    each(resource->root, "spec.http[]", [&](const Place& route) {
      const auto tries = tries_of_route(route.node);
      if (!tries.on_answers) return;
      each(route.node, "route[].destination.host", [&](const Place& host) {
        const auto* service = estate.service(host.node.text, *resource->ns);
        const Node* again = service == nullptr ? nullptr : retried_by_linkerd(estate, *service);
        if (again == nullptr) return;
        report
            .at(*resource, *get(route.node, "retries.attempts"), route.path + ".retries.attempts",
                fmt::format(
                    "{} tries of the gateway's, and Linkerd's proxy beside it repeats each that fails",
                    tries.count))
            .notes = {see(*again, "Linkerd retries because of this"),
                      {{}, "let one of the two retry, best the one that knows the endpoints: Linkerd's"}};
      });
    });
  }
}

void check(const Estate& estate, Report& report) {
  check_applications(estate, report);
  check_gateways(estate, report);
}

}  // namespace

extern const Rule retried_twice{
    .id = "retried-twice",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "an application, or a gateway, that retries beside the proxy in its pod",
    .why =
        "An application's client library cannot see that a failure was already tried again below it, so its "
        "own retries multiply with those of the sidecar: 4 and 3 tries are 12 for each call, in the moment "
        "when the server has least to spare. The application's number is read from the environment "
        "(…RETRIES, MAX_RETRY…), so it may be about something else; this is an info. A gateway of Istio's in "
        "pods that Linkerd has injected is such an application, too.",
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
---
apiVersion: v1
kind: Namespace
metadata: {name: edge, annotations: {linkerd.io/inject: ingress}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata: {labels: {istio: edge}}
    spec:
      serviceAccountName: gateway
      containers: [{name: envoy, image: envoy:1}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: edge}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [books.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: books, namespace: edge}
spec:
  hosts: [books.example.com]
  gateways: [edge]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: books.books.svc.cluster.local}}]
    retries: {attempts: 2, retryOn: gateway-error} # <<
---
apiVersion: v1
kind: Service
metadata:
  name: books
  namespace: books
  annotations: {retry.linkerd.io/http: gateway-error}
spec:
  ports: [{name: http, port: 80}]
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
---
apiVersion: v1
kind: Namespace
metadata: {name: edge, annotations: {linkerd.io/inject: ingress}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: edge}}
  template:
    metadata: {labels: {istio: edge}}
    spec:
      serviceAccountName: gateway
      containers: [{name: envoy, image: envoy:1}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: edge}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [books.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: books, namespace: edge}
spec:
  hosts: [books.example.com]
  gateways: [edge]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: books.books.svc.cluster.local}}]
    retries: {attempts: 0}
---
apiVersion: v1
kind: Service
metadata:
  name: books
  namespace: books
  annotations: {retry.linkerd.io/http: gateway-error}
spec:
  ports: [{name: http, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
