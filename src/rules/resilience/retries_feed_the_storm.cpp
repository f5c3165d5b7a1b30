#include <fmt/format.h>

#include <charconv>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool lists(std::string_view words, std::string_view wanted) {
  for (std::size_t at = words.find(wanted); at != words.npos; at = words.find(wanted, at + 1)) {
    const bool begins = at == 0 || words[at - 1] == ',' || words[at - 1] == ' ';
    const auto end = at + wanted.size();
    if (begins && (end == words.size() || words[end] == ',' || words[end] == ' ')) return true;
  }
  return false;
}

constexpr std::string_view kWayOut =
    "let the caller wait instead; retry only what failed, not what was refused";

void check_istio(const Resource& resource, const Place& retries, Report& report) {
  const auto on = text(retries.node, "retryOn");
  const std::string_view refusal = lists(on, "429") ? "429 is the answer of a rate limit"
                                   : lists(on, "envoy-ratelimited")
                                       ? "envoy-ratelimited is a rate limit's answer"
                                       : "";
  if (refusal.empty() || number(retries.node, "attempts").value_or(0) < 1) return;
  report
      .at(resource, *retries.node.find("retryOn"), retries.path + ".retryOn",
          fmt::format("{}: sending the request again adds to the load that was refused", refusal))
      .notes = {{{}, std::string(kWayOut)}};
}

/// Whether a list of statuses and ranges, "429,500-599", covers one.
bool covers(std::string_view statuses, int wanted) {
  while (!statuses.empty()) {
    const auto comma = std::min(statuses.find(','), statuses.size());
    const auto one = statuses.substr(0, comma);
    int first = 0, last = 0;
    const auto end = one.data() + one.size();
    const auto read = std::from_chars(one.data(), end, first);
    last = first;
    if (read.ptr != end && *read.ptr == '-') std::from_chars(read.ptr + 1, end, last);
    if (first <= wanted && wanted <= last) return true;
    statuses.remove_prefix(std::min(comma + 1, statuses.size()));
  }
  return false;
}

void check_linkerd(const Resource& resource, Report& report) {
  const Node* annotations = get(resource.root, "metadata.annotations");
  const Node* statuses = annotations == nullptr ? nullptr : annotations->find("retry.linkerd.io/http");
  if (statuses == nullptr || !covers(statuses->text, 429)) return;
  report
      .at(resource, *statuses, "metadata.annotations.retry.linkerd.io/http",
          "429 is the answer of a rate limit: sending the request again adds to the load that was refused")
      .notes = {{{}, std::string(kWayOut)}};
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[].retries",
       [&](const Resource* resource, const Place& retries) { check_istio(*resource, retries, report); });
  for (const auto* kind : {"Service", "HTTPRoute"})
    for (const auto* resource : estate.of(kind)) check_linkerd(*resource, report);
}

}  // namespace

extern const Rule retries_feed_the_storm{
    .id = "retries-feed-the-storm",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "retries of what a limit has just refused",
    .why =
        "A rate limit refuses because there is too much. Retrying a 429 within milliseconds multiplies "
        "exactly that load, until the limit refuses nearly everything: a storm that feeds itself.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - retries:
      attempts: 2
      retryOn: connect-failure,429 # <<
    route: [{destination: {host: pets}}]
---
apiVersion: v1
kind: Service
metadata:
  name: toys
  namespace: play
  annotations:
    retry.linkerd.io/http: 429,500-599 # <<
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
  - retries: {attempts: 2, retryOn: connect-failure}
    route: [{destination: {host: pets}}]
---
apiVersion: v1
kind: Service
metadata:
  name: toys
  namespace: play
  annotations:
    retry.linkerd.io/http: 502-504
spec:
  ports: [{name: http, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
