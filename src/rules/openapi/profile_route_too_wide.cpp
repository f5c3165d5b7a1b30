#include <fmt/format.h>

#include <algorithm>

#include "core/regex.hpp"
#include "rules/apis.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// A path with every parameter replaced.
std::string with(std::string_view path, std::string_view parameter) {
  std::string out;
  while (!path.empty()) {
    const auto open = std::min(path.find('{'), path.size());
    out += path.substr(0, open);
    path.remove_prefix(open);
    const auto close = path.find('}');
    if (close == path.npos) break;
    out += parameter;
    path.remove_prefix(close + 1);
  }
  return out + std::string(path);
}

class Route {
 public:
  explicit Route(const Node& route) : node(route), name(text(route, "name")) {
    const Node* condition = route.find("condition");
    if (condition == nullptr || condition->find("all") || condition->find("any") || condition->find("not"))
      return;
    method_ = text(*condition, "method");
    std::string why;
    const auto regex = text(*condition, "pathRegex");
    if (!regex.empty()) regex_ = Regex::compile(std::string(regex), why);
  }
  /// Whether it certainly takes requests of the operation.
  bool takes(const Operation& operation) const {
    return regex_ != nullptr && (method_.empty() || operation.takes(method_)) &&
           (regex_->matches_all_of(with(operation.path, "1")) ||
            regex_->matches_all_of(with(operation.path, "a")));
  }
  /// Whether its name is the operation's: "GET /pets/{id}", as linkerd profile --open-api writes it.
  bool is_called(const Operation& operation) const {
    const auto path = name.substr(std::min(name.find('/'), name.size()));
    const auto method = name.substr(0, name.size() - path.size());
    return !path.empty() && std::string_view(operation.path).ends_with(path) &&
           (method.empty() || method == operation.method + " ");
  }

  const Node& node;
  std::string_view name;

 private:
  std::string_view method_;
  std::shared_ptr<const Regex> regex_;
};

void check_route(const Resource& profile, const Api& api, const std::vector<Route>& earlier,
                 const Route& route, const std::string& path, Report& report) {
  const auto own = std::find_if(api.operations.begin(), api.operations.end(),
                                [&](const auto& one) { return route.is_called(one) && route.takes(one); });
  if (own == api.operations.end()) return;
  for (const auto& other : api.operations) {
    if (other.path == own->path || !route.takes(other)) continue;
    if (std::any_of(earlier.begin(), earlier.end(), [&](const auto& one) { return one.takes(other); }))
      continue;
    report
        .at(profile, *get(route.node, "condition.pathRegex"), path + ".condition.pathRegex",
            fmt::format("this takes {} too, which is another operation than the route's name says",
                        other.name()))
        .notes = {{{other.node->origin, other.node->length}, "the other operation"},
                  {{}, "a pathRegex is held against the whole path; [^/]* ends at a slash, .* does not"}};
    return;
  }
}

void check(const Estate& estate, Report& report) {
  if (estate.apis().all().empty()) return;
  for (const auto* profile : estate.of("ServiceProfile")) {
    const auto* service = estate.service(*profile->name, *profile->ns);
    const auto* api = service == nullptr ? nullptr : estate.apis().of(*service);
    if (api == nullptr) continue;
    std::vector<Route> earlier;
    each(profile->root, "spec.routes[]", [&](const Place& place) {
      const Route route(place.node);
      check_route(*profile, *api, earlier, route, place.path, report);
      earlier.push_back(route);
    });
  }
}

}  // namespace

extern const Rule profile_route_too_wide{
    .id = "profile-route-too-wide",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a route of a ServiceProfile takes other operations than the one it is named for",
    .why =
        "Linkerd gives a request the timeout, the retries and the metrics of the first route whose pathRegex "
        "matches its whole path. One with .* for a path parameter goes on over slashes: the operations "
        "below it are counted, timed out and retried as if they were this one. Let the parameter be [^/]*.",
    .bad = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets/{id}:
    get: {responses: {"200": {description: one}}}
  /pets/{id}/photos:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: GET /pets/{id}
    condition: {method: GET, pathRegex: /pets/.*} # <<
    timeout: 300ms
)",
    .good = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets/{id}:
    get: {responses: {"200": {description: one}}}
  /pets/{id}/photos:
    get: {responses: {"200": {description: all}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: GET /pets/{id}
    condition: {method: GET, pathRegex: "/pets/[^/]*"}
    timeout: 300ms
)",
    .check = check,
};

}  // namespace marty::rules::catalog
