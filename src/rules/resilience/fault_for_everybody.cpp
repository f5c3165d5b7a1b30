#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// A route that only who asks for it can take: each of its matches wants a header.
bool gated(const Node& route) {
  const Node* matches = route.find("match");
  if (matches == nullptr || matches->size() == 0) return false;
  for (const auto& match : matches->children) {
    const Node* headers = match.find("headers");
    if (headers == nullptr || headers->size() == 0) return false;
  }
  return true;
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[]", [&](const Resource* resource, const Place& route) {
    const Node* fault = route.node.find("fault");
    if (fault == nullptr || gated(route.node)) return;
    report.at(*resource, *fault, route.path + ".fault", "this fault hits every request of the route")
        .notes = {{{},
                   "gate it: match: [{headers: {x-chaos-enabled: {exact: \"true\"}}}], and keep it out of "
                   "production overlays"}};
  });
}

}  // namespace

extern const Rule fault_for_everybody{
    .id = "fault-for-everybody",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "an injected fault that nobody asked for",
    .why =
        "A fault without a header in the match hits real users, at its percentage, for as long as the object "
        "is "
        "there; a label that says 'development' stops nobody from applying it. Gate it with a header that "
        "tests "
        "send, so that everyone else is left alone.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop, labels: {environment: development}}
spec:
  hosts: [pets]
  http:
  - fault:
      abort: {httpStatus: 503, percentage: {value: 10}} # <<
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
  - route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
