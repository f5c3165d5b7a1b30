#pragma once

#include "dialect/linkerd/parts.hpp"

/// ServiceProfile (linkerd.io/v1alpha2), linkerd.md 1.1 and 3.5: routes of one Service with their retries and
/// timeouts. With any route or weighted override it replaces, for that Service, HTTPRoutes, failure accrual
/// and the retry and timeout annotations.
namespace marty::dialect::linkerd {

/// What is written holds together: a method and a path must both match, all of `all`, one of `any`, none of
/// `none`.
struct RequestMatch {
  struct Not {  ///< one or nothing; it cannot hold its own type otherwise
    std::vector<RequestMatch> match;
  };
  Maybe<std::string> method, path_regex;  ///< the regex matches the whole path, without the query
  std::optional<std::vector<RequestMatch>> all, any;
  Not none;
  Origin origin;
};

struct ResponseMatch {
  struct Status {
    Sourced<std::uint32_t> min{0}, max{0};  ///< inclusive; 0: not written
    Origin origin;
  };
  struct Not {
    std::vector<ResponseMatch> match;
  };
  std::optional<Status> status;
  std::optional<std::vector<ResponseMatch>> all, any;
  Not none;
  Origin origin;
};

struct ServiceProfile {
  static constexpr const char* kKind = "ServiceProfile";
  struct ResponseClass {
    ResponseMatch condition;
    Sourced<bool> is_failure{false};
    Origin origin;
  };
  struct Route {
    Text name;  ///< the metrics' label rt_route
    RequestMatch condition;
    std::vector<ResponseClass> response_classes;  ///< the first that matches says what is a failure
    Sourced<bool> is_retryable{false};
    Maybe<Duration> timeout;  ///< of all tries until the response's head
    Origin origin;
  };
  /// One for all routes; what is not spent on retries within `ttl` is lost.
  struct RetryBudget {
    Sourced<double> retry_ratio{0};
    Sourced<std::uint32_t> min_retries_per_second{0};
    Sourced<Duration> ttl{};
    Origin origin;
  };
  struct WeightedDestination {
    Text authority;               ///< "<host>" or "<host>:<port>"
    Sourced<IntOrString> weight;  ///< relative; see thousandths()
    Origin origin;
  };
  std::vector<Route> routes;  ///< the first that matches
  std::optional<RetryBudget> retry_budget;
  std::vector<WeightedDestination> dst_overrides;
};
const manifest::Table& fields(Tag<ServiceProfile>);

/// Also checks the name, which must be the Service's full host name.
manifest::Manifest<ServiceProfile> decode_service_profile(const manifest::Resource&, Diagnostics&);

}  // namespace marty::dialect::linkerd
