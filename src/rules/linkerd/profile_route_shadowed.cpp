#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool plain(std::string_view regex) { return regex.find_first_of("\\[](){}*+?|^$") == regex.npos; }

/// The path before the first thing in a regex that is not plain text. Dots are read as dots.
std::string_view plain_start(std::string_view regex) {
  const auto end = regex.find_first_of("\\[](){}*+?|^$");
  // What a quantifier follows belongs to it.
  return end == regex.npos || end == 0 || std::string_view("*+?{").find(regex[end]) == std::string_view::npos
             ? regex.substr(0, end)
             : regex.substr(0, end - 1);
}

struct Condition {
  std::string_view method, path;
  bool simple = false;  ///< method and pathRegex only
};

Condition condition_of(const Node& route) {
  const Node* condition = route.find("condition");
  if (condition == nullptr || condition->find("all") || condition->find("any") || condition->find("not"))
    return {};
  return {text(*condition, "method"), text(*condition, "pathRegex"), true};
}

/// Whether the earlier route surely takes all that the later one would.
bool covers(const Condition& earlier, const Condition& later) {
  if (!earlier.simple || !later.simple) return false;
  if (!earlier.method.empty() && earlier.method != later.method) return false;
  if (earlier.path.empty() || earlier.path == later.path) return true;
  if (!earlier.path.ends_with(".*")) return false;
  const auto start = earlier.path.substr(0, earlier.path.size() - 2);
  return plain(start) && later.path.find('|') == later.path.npos &&
         plain_start(later.path).starts_with(start);
}

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    std::vector<std::pair<Condition, const Node*>> greedy;  // the few that can hide others
    each(profile->root, "spec.routes[]", [&](const Place& route) {
      const auto condition = condition_of(route.node);
      for (const auto& [earlier, node] : greedy) {
        if (!covers(earlier, condition)) continue;
        report
            .at(*profile, route,
                fmt::format("no request gets here: route '{}' before it takes them all", text(*node, "name")))
            .notes = {see(*node, "the first route that matches counts"),
                      {{}, "put the narrower route first, or narrow the wide one: [^/]* ends at a slash"}};
        return;
      }
      if (condition.simple && (condition.path.empty() || condition.path.ends_with(".*")))
        greedy.emplace_back(condition, &route.node);
    });
  }
}

}  // namespace

extern const Rule profile_route_shadowed{
    .id = "profile-route-shadowed",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a greedy pathRegex takes the requests of a later route",
    .why =
        "Linkerd takes the first route of a ServiceProfile whose condition holds, and a pathRegex that ends "
        "in .* holds for everything below it. The routes after it get no request: their timeouts, retries "
        "and metrics say nothing.",
    .bad = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - {name: api, condition: {pathRegex: /api/.*}}
  - {name: list, condition: {method: GET, pathRegex: "/api/pets/[^/]*"}, isRetryable: true} # <<
)",
    .good = R"(
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - {name: list, condition: {method: GET, pathRegex: "/api/pets/[^/]*"}, isRetryable: true}
  - {name: api, condition: {pathRegex: /api/.*}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
