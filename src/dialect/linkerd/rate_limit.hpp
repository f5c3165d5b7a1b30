#pragma once

#include "dialect/linkerd/parts.hpp"

/// HTTPLocalRateLimitPolicy (policy.linkerd.io/v1alpha1), linkerd.md 1.7 and 3.9: requests per second that
/// one pod's proxy lets through to a Server, after authorization. Of several for one Server the oldest
/// counts.
namespace marty::dialect::linkerd {

struct HttpLocalRateLimitPolicy {
  static constexpr const char* kKind = "HTTPLocalRateLimitPolicy";
  struct Limit {
    Sourced<std::int64_t> requests_per_second{0};
    Origin origin;
  };
  struct Override : Limit {
    std::vector<ObjectReference> client_refs;  ///< ServiceAccounts, sharing the limit
  };
  LocalRef target_ref;
  std::optional<Limit> total;       ///< of all requests, kubelet's probes included
  std::optional<Limit> identity;    ///< of each client identity; clients without one share theirs
  std::vector<Override> overrides;  ///< instead of `identity`, for the clients named
};
const manifest::Table& fields(Tag<HttpLocalRateLimitPolicy>);

}  // namespace marty::dialect::linkerd
