#include <fmt/format.h>

#include "dialect/generate_linkerd_parts.hpp"
#include "dialect/linkerd/service_profile.hpp"
#include "dialect/linkerd/traffic_split.hpp"
#include "dialect/names.hpp"

/// The family of ServiceProfile and TrafficSplit: routes by method and path with one retry budget. A profile
/// that has routes replaces HTTPRoutes, failure accrual and retry annotations of its Service, so none of
/// those is generated.
namespace marty::dialect::generated {

using linkerd::ServiceProfile;
using manifest::Node;

namespace {

bool is_retried(const PolicyFile& file, const std::string& method) {
  const auto& retries = file.routing.retries;
  if (!retries || *retries->attempts == 0) return false;
  return retries->methods.empty() || std::find(retries->methods.begin(), retries->methods.end(),
                                               Sourced{method}) != retries->methods.end();
}

/// "/api/*" → "/api/.*"; "*/info" → ".*/info". The proxy matches the whole path.
std::string path_regex(std::string path) {
  const bool prefix = path.ends_with('*'), suffix = path.starts_with('*');
  if (prefix) path.pop_back();
  if (suffix && !path.empty()) path.erase(0, 1);
  return (suffix && !path.empty() ? ".*" : "") + quoted_regex(path) + (prefix ? ".*" : "");
}

class Routes {
 public:
  explicit Routes(const PolicyFile& file) : file_(file) {}

  void add(const std::string& method, const std::string& path) {
    auto& route = all.emplace_back();
    route.name = {method.empty() ? path : method + " " + path};
    if (!method.empty()) route.condition.method = Text{method};
    if (method.empty() || path != "*") route.condition.path_regex = Text{path_regex(path)};
    if (is_retried(file_, method)) route.is_retryable = {true};
    route.timeout = file_.routing.timeout;
  }
  bool has(const std::string& name) const {
    return std::any_of(all.begin(), all.end(), [&](const auto& route) { return *route.name == name; });
  }

  std::vector<ServiceProfile::Route> all;

 private:
  const PolicyFile& file_;
};

/// What the policy file knows of the service's requests, so that metrics tell them apart, then the rest by
/// method as far as it is retried, then the rest.
std::vector<ServiceProfile::Route> routes(const PolicyFile& file) {
  Routes made(file);
  for (const auto& allow : file.security.allow)
    for (const auto& permission : allow.to)
      for (const auto& path : permission.paths)
        for (const auto& method : permission.methods)
          if (*path != "*" && !made.has(*method + " " + *path)) made.add(*method, *path);
  if (file.routing.retries)
    for (const auto& method : file.routing.retries->methods)
      if (is_retried(file, *method)) made.add(*method, "*");
  made.add("", "*");
  return std::move(made.all);
}

Node profile(const PolicyFile& file) {
  ServiceProfile wire;
  wire.routes = routes(file);
  const auto& retries = file.routing.retries;
  if (retries && *retries->attempts > 0 && retries->budget) {
    auto& budget = wire.retry_budget.emplace(ServiceProfile::RetryBudget{});
    budget.retry_ratio = retries->budget->ratio;
    budget.min_retries_per_second = retries->budget->min_per_second;
    // Outside of this Linkerd's proxy would drop the budget, and with it all retries; capabilities say so.
    budget.ttl = {std::clamp(*retries->budget->ttl, Duration{1s}, Duration{60s}),
                  retries->budget->ttl.origin};
  }
  Node root =
      object(file, "linkerd.io/v1alpha2", "ServiceProfile",
             *file.service.name + "." + *file.ns + std::string(kClusterDomain), manifest::encode(wire));
  root.comment(
      "The requests of the service, for its callers' proxies. The name must be the Service's full host name. "
      "As it has\n"
      "routes, Linkerd takes no HTTPRoute, no failure accrual and no retry or timeout annotation for this "
      "Service:\n"
      "there is no circuit breaking in this family.");
  comment_at(root, {"spec", "routes"},
             "The first that matches. A path is a regular expression for all of the path.");
  comment_at(root, {"spec", "routes", "0", "isRetryable"},
             "Every 5xx is tried again at once, as often as budget and timeout allow, on any pod.");
  comment_at(root, {"spec", "routes", "0", "timeout"}, "For all tries, until the answer's head; then 504.");
  comment_at(root, {"spec", "retryBudget"},
             "One for all routes, per caller's proxy: retries are at most this share of requests, and some "
             "per second\n"
             "besides, reckoned over the time of 'ttl'.");
  return root;
}

Node traffic_split(const PolicyFile& file) {
  linkerd::TrafficSplit split;
  split.service = file.service.name;
  for (const auto& [version, weight] : mesh::everybody_else(file))
    split.backends.push_back({{version_service(file, *version)}, {{*weight, {}}}, {}});
  Node root = object(file, "split.smi-spec.io/v1alpha1", "TrafficSplit", *file.name, manifest::encode(split));
  root.comment(
      "Which version a request reaches. Linkerd itself does not read this: its SMI extension (which brings "
      "this kind)\n"
      "writes the weights into the ServiceProfile above, as 'dstOverrides'. That is why they are not there "
      "already:\n"
      "two writers of one field would undo each other.");
  return root;
}

}  // namespace

std::vector<Node> linkerd_profile(const PolicyFile& file) {
  std::vector<Node> all;
  all.push_back(profile(file));
  if (!mesh::everybody_else(file).empty()) all.push_back(traffic_split(file));
  return all;
}

}  // namespace marty::dialect::generated
