#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/api_claims.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool some_operation(const Api& api, const PathShape& path) {
  return std::any_of(api.operations.begin(), api.operations.end(),
                     [&](const Operation& operation) { return meet(path, operation.shape); });
}

std::optional<std::string> nearest(const Api& api, std::string_view path) {
  while (path.ends_with('*') || path.ends_with('/')) path.remove_suffix(1);
  std::vector<std::string_view> paths;
  for (const auto& operation : api.operations) paths.push_back(operation.path);
  return closest(path, paths);
}

void check(const Estate& estate, Report& report) {
  std::map<const Api*, PlatformPaths> platform;
  std::set<std::pair<const Resource*, std::string_view>> said;  // one slip, however often it was copied
  each_claim(estate, [&](const Claim& claim) {
    const auto& api = *claim.api;
    if (!api.complete || api.operations.empty()) return;
    const auto& known = platform.try_emplace(&api, estate, *api.service).first->second;
    for (const auto& path : claim.paths) {
      if (some_operation(api, path.shape) || known.has(path.shape) ||
          said.contains({claim.policy, path.node->text}))
        continue;
      const auto near = nearest(api, path.node->text);
      // What is denied may well be what nobody documents, unless it looks like a slip.
      if (claim.denies && !near) continue;
      said.emplace(claim.policy, path.node->text);
      auto& finding = report.at(*claim.policy, *path.node, path.field,
                                fmt::format("no operation of '{}' has such a path: {}", *api.service->name,
                                            claim.denies ? "nothing is denied by this"
                                                         : "no request that it answers is meant by this"));
      if (near) finding.notes.push_back({{}, fmt::format("did you mean '{}'?", *near)});
      finding.notes.push_back(see(*api.operations.front().document, "the operations are described here"));
    }
  });
}

}  // namespace

extern const Rule path_of_no_operation{
    .id = "path-of-no-operation",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a policy for a path that the service's OpenAPI document does not have",
    .why =
        "A route, a profile or a permission for a path that the service does not serve waits for requests "
        "that "
        "never come, while the path that was meant goes without: its timeout, its retries, or its 403. "
        "Usually the interface was renamed and the policy was not. Paths of probes and scrapes need not be "
        "in "
        "the document. One among the files (or given with --openapi) describes the Service that its servers "
        "name, or else the only one.",
    .bad = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
  /pets/{id}:
    get: {responses: {"200": {description: one}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match:
    - uri: {prefix: /pet/} # <<
    - uri: {exact: /pets}
    timeout: 2s
    route: [{destination: {host: pets}}]
  - route: [{destination: {host: pets}}]
)",
    .good = R"(
openapi: 3.1.0
info: {title: pets, version: 1.0.0}
servers: [{url: "http://pets.shop"}]
paths:
  /pets:
    get: {responses: {"200": {description: all}}}
  /pets/{id}:
    get: {responses: {"200": {description: one}}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match:
    - uri: {prefix: /pets/}
    - uri: {exact: /pets}
    timeout: 2s
    route: [{destination: {host: pets}}]
  - route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
