#include <fmt/format.h>

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

void check(const Estate& estate, Report& report) {
  for (const auto* resource : estate.of("VirtualService")) {
    each(resource->root, "spec.http[].retries", [&](const Place& retries) {
      const auto on = text(retries.node, "retryOn");
      if (number(retries.node, "attempts").value_or(0) < 1) return;
      const std::string_view refusal = lists(on, "429") ? "429 is the answer of a rate limit"
                                       : lists(on, "envoy-ratelimited")
                                           ? "envoy-ratelimited is a rate limit's answer"
                                           : "";
      if (refusal.empty()) return;
      report
          .at(*resource, *retries.node.find("retryOn"), retries.path + ".retryOn",
              fmt::format("{}: sending the request again adds to the load that was refused", refusal))
          .notes = {{{}, "let the caller wait instead; retry only what failed, not what was refused"}};
    });
  }
}

}  // namespace

extern const Rule retries_feed_the_storm{
    .id = "retries-feed-the-storm",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "retries of what a limit has just refused",
    .why =
        "A rate limit refuses because there is too much. Retrying a 429 within milliseconds multiplies "
        "exactly "
        "that load, until the limit refuses nearly everything: a storm that feeds itself.",
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
)",
    .check = check,
};

}  // namespace marty::rules::catalog
