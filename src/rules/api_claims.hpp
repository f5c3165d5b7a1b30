#pragma once

#include <functional>
#include <set>

#include "rules/apis.hpp"

namespace marty::rules {

/// What a policy says of the requests of a described Service: these methods on these paths.
struct Claim {
  struct Part {
    const Node* node = nullptr;
    std::string field;
    PathShape shape;  ///< of a path
  };
  const Resource* policy = nullptr;
  const Api* api = nullptr;
  std::vector<Part> paths;    ///< any of them; none: every path
  std::vector<Part> methods;  ///< any of them, exact words; none: every method
  bool denies = false;
  /// Whether requests of the operation may be meant, by their path.
  bool meets_path(const Operation&) const;
};

/// Every claim of Istio's AuthorizationPolicies, VirtualServices, ServiceProfiles and HTTPRoutes about
/// Services that an OpenAPI document describes. Routes that rewrite the path are left out: what callers say
/// is then no path of the Service's.
void each_claim(const Estate&, const std::function<void(const Claim&)>& see);

/// Whether a route of a VirtualService, or some rule of an HTTPRoute, may take requests of the operation, by
/// its own method; other conditions, such as headers, are taken for held.
bool http_takes(const Resource& virtual_service, const Node& http, const Operation&);
bool route_takes(const Resource& http_route, const Operation&);

/// Istio's policies in force at the pods of a Service: of its namespace and the root namespace, by selector
/// or by targetRefs that name the Service.
std::vector<const Resource*> guards_of(const Estate&, const Resource& service);

/// Paths that belong to the platform and that few documents mention: probes, scrapes, /metrics, /healthz.
class PlatformPaths {
 public:
  PlatformPaths(const Estate&, const Resource& service);
  bool has(const PathShape&) const;

 private:
  std::vector<PathShape> paths_;
};

}  // namespace marty::rules
