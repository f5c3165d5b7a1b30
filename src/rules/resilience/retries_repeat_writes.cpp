#include <fmt/format.h>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Conditions under which the first try may have been carried out by the upstream.
constexpr std::string_view kAfterTheFact[] = {"5xx", "gateway-error", "reset", "retriable-status-codes",
                                              "503", "502",           "504"};

bool only_safe(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" || method == "DELETE";
}

/// Whether every request of the route has a method that may be sent twice; regexes are alternatives of words.
bool idempotent_only(const Node& route) {
  const Node* matches = route.find("match");
  if (matches == nullptr || matches->size() == 0) return false;
  for (const auto& match : matches->children) {
    const Node* method = match.find("method");
    if (!is_mapping(method) || method->size() != 1) return false;
    std::string_view words = method->entry(0).value.text;
    while (!words.empty()) {
      const auto end = std::min(words.find('|'), words.size());
      if (!only_safe(words.substr(0, end))) return false;
      words.remove_prefix(std::min(end + 1, words.size()));
    }
  }
  return true;
}

std::string_view risky_condition(std::string_view retry_on) {
  while (!retry_on.empty()) {
    const auto end = std::min(retry_on.find(','), retry_on.size());
    auto word = retry_on.substr(0, end);
    while (word.starts_with(' ')) word.remove_prefix(1);
    for (const auto risky : kAfterTheFact)
      if (word == risky) return risky;
    retry_on.remove_prefix(std::min(end + 1, retry_on.size()));
  }
  return {};
}

/// What the documents of the destinations say: an operation that the route takes and that must not be done
/// twice.
struct Known {
  bool all = true;  ///< false: some destination is not described
  const Operation* write = nullptr;
};

Known known_write(const Estate& estate, const Resource& resource, const Node& route) {
  Known out;
  each(route, "route[].destination.host", [&](const Place& host) {
    const auto* service = estate.service(host.node.text, *resource.ns);
    const auto* api = service == nullptr ? nullptr : estate.apis().of(*service);
    if (api == nullptr || !api->complete) {
      out.all = false;
      return;
    }
    for (const auto& operation : api->operations)
      if (!operation.may_be_repeated && http_takes(resource, route, operation)) out.write = &operation;
  });
  return out;
}

void check_route(const Estate& estate, const Resource& resource, const Place& route, Report& report) {
  const auto risky = risky_condition(text(route.node, "retries.retryOn"));
  if (risky.empty() || number(route.node, "retries.attempts").value_or(0) < 1 || idempotent_only(route.node))
    return;
  const auto known = known_write(estate, resource, route.node);
  if (known.all && known.write == nullptr && route.node.find("rewrite") == nullptr) return;
  auto& finding = report.at(
      resource, *get(route.node, "retries.retryOn"), route.path + ".retries.retryOn",
      fmt::format("'{}' sends POSTs again that may have been carried out: this route takes every method",
                  risky));
  if (known.write != nullptr)
    finding.notes.push_back(see(*known.write->node, known.write->name() + " is one of them"));
  finding.notes.push_back(
      {{}, "give methods that may be sent twice a route of their own: method: {regex: GET|HEAD|OPTIONS}"});
  finding.notes.push_back({{}, "connect-failure and refused-stream are safe for all of them"});
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[]",
       [&](const Resource* resource, const Place& route) { check_route(estate, *resource, route, report); });
}

}  // namespace

extern const Rule retries_repeat_writes{
    .id = "retries-repeat-writes",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "retries that may carry out a write twice",
    .why =
        "A gateway error or a reset does not say that nothing was done: the upstream may have booked the "
        "order and "
        "failed to answer. Sidecars retry whatever method matches the route. Restrict such conditions to "
        "methods "
        "that may be sent twice, or use conditions under which nothing was sent.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /api}}]
    retries:
      attempts: 3
      retryOn: connect-failure,5xx # <<
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /api}, method: {regex: GET|HEAD|OPTIONS}}]
    retries: {attempts: 3, retryOn: "connect-failure,gateway-error"}
    route: [{destination: {host: pets}}]
  - retries: {attempts: 3, retryOn: "connect-failure,refused-stream"}
    route: [{destination: {host: pets}}]
---
openapi: 3.1.0
info: {title: prices, version: 1.0.0}
servers: [{url: "http://prices.market"}]
paths:
  /prices:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: prices, namespace: market}
spec: {selector: {app: prices}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: prices, namespace: market}
spec:
  hosts: [prices]
  http:
  - retries: {attempts: 2, retryOn: "connect-failure,gateway-error"}
    route: [{destination: {host: prices}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
