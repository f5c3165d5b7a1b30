#include "dialect/linkerd/rate_limit.hpp"

#include <fmt/format.h>

namespace marty::dialect::linkerd {

using namespace manifest;
using P = HttpLocalRateLimitPolicy;

namespace {

void check(const P& policy, const Node&, Reader& reader) {
  if (!is(policy.target_ref, kPolicyGroup, "Server"))
    reader.error(
        "invalid-value", range_of(policy.target_ref.kind),
        fmt::format("{} cannot be a target: only Server of policy.linkerd.io can", shown(policy.target_ref)));
  const auto below_total = [&](const P::Limit& limit) {
    const auto& rate = limit.requests_per_second;
    if (!policy.total || *rate <= *policy.total->requests_per_second) return;
    reader
        .error("out-of-range", {rate.origin, 0},
               fmt::format("{} a second is above the total of {}", *rate, *policy.total->requests_per_second))
        .notes.push_back({{policy.total->requests_per_second.origin, 0}, "the total"});
  };
  if (policy.identity) below_total(*policy.identity);
  for (const auto& limit : policy.overrides) {
    below_total(limit);
    for (const auto& ref : limit.client_refs)
      if (!is(ref, "", "ServiceAccount"))
        reader.error("invalid-value", range_of(ref.kind),
                     fmt::format("{} is no client: only ServiceAccounts are", shown(ref)));
  }
}

}  // namespace

const Table& fields(Tag<P::Limit>) {
  static const Fields<P::Limit> table{
      "limit", {field("requestsPerSecond", &P::Limit::requests_per_second, kRequired, range(1, UINT32_MAX))}};
  return table;
}

const Table& fields(Tag<P::Override>) {
  using O = P::Override;
  static const Fields<O> table{
      "override",
      {field("requestsPerSecond", &O::requests_per_second, kRequired, range(1, UINT32_MAX)),
       field("clientRefs", &O::client_refs, kRequired)}};
  return table;
}

const Table& fields(Tag<P>) {
  static const Fields<P> table{
      "HTTPLocalRateLimitPolicy.spec",
      {field("targetRef", &P::target_ref, kRequired, "a Server"),
       field("total", &P::total, "probes count too"),
       field("identity", &P::identity, "for each client identity"), field("overrides", &P::overrides)},
      check};
  return table;
}

}  // namespace marty::dialect::linkerd
