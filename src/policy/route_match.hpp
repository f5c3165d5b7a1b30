#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policy/request_view.hpp"
#include "policy/string_match.hpp"

namespace marty::policy {

/// One match block of a route: all its conditions must hold (Istio HTTPMatchRequest). An empty one matches
/// everything. Header lines of one name are tried one by one; of a query key only its first occurrence
/// counts; values are not percent-decoded (Envoy 1.40, istio.md 2.1).
struct RouteMatch {
  struct Named {
    std::string name;  ///< header names in lower case
    StringMatch match;
    friend bool operator==(const Named&, const Named&) = default;
  };
  std::optional<StringMatch> uri, method, authority, scheme;
  std::vector<Named> headers, without_headers, query_params;
  Origin origin;

  bool matches(const RequestView&) const;
  bool matches_everything() const;
  friend bool operator==(const RouteMatch& a, const RouteMatch& b) {
    return a.uri == b.uri && a.method == b.method && a.authority == b.authority && a.scheme == b.scheme &&
           a.headers == b.headers && a.without_headers == b.without_headers &&
           a.query_params == b.query_params;
  }
};

}  // namespace marty::policy
