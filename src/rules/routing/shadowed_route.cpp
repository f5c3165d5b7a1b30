#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether every text that `later` takes is taken by `earlier`; false when that is not certain.
bool covers(const Node* earlier, const Node* later) {
  if (earlier == nullptr || *earlier == Node::mapping()) return true;
  if (!is_mapping(earlier) || !is_mapping(later) || earlier->size() != 1 || later->size() != 1) return false;
  const auto [kind, value] = earlier->entry(0);
  const auto [other_kind, other] = later->entry(0);
  if (kind.text == "prefix" && (other_kind.text == "prefix" || other_kind.text == "exact"))
    return other.text.starts_with(value.text);
  return kind.text == other_kind.text && value.text == other.text;
}

bool covers_all(const Node* earlier, const Node* later) {
  if (earlier == nullptr) return true;
  for (std::size_t i = 0; is_mapping(earlier) && i < earlier->size(); ++i) {
    const auto [name, wanted] = earlier->entry(i);
    const Node* same = later == nullptr ? nullptr : later->find(name.text);
    if (same == nullptr || !covers(&wanted, same)) return false;
  }
  return true;
}

bool equal(const Node* a, const Node* b) {
  return (a == nullptr) == (b == nullptr) && (a == nullptr || *a == *b);
}

/// Whether no request that `later` would take gets past `earlier`.
bool match_covers(const Node& earlier, const Node& later) {
  for (const auto field : {"uri", "method", "scheme", "authority"})
    if (!covers(earlier.find(field), later.find(field))) return false;
  for (const auto field : {"headers", "queryParams", "sourceLabels"})
    if (!covers_all(earlier.find(field), later.find(field))) return false;
  for (const auto field : {"withoutHeaders", "port", "gateways", "sourceNamespace", "ignoreUriCase"})
    if (earlier.find(field) != nullptr && !equal(earlier.find(field), later.find(field))) return false;
  return true;
}

/// The matches of a route; one empty match when it takes everything.
std::vector<const Node*> matches_of(const Node& route) {
  static const Node everything = Node::mapping();
  std::vector<const Node*> out;
  const Node* match = route.find("match");
  if (match != nullptr)
    for (const auto& one : match->children) out.push_back(&one);
  if (out.empty()) out.push_back(&everything);
  return out;
}

class Shadows {
 public:
  Shadows(const Resource& resource, Report& report) : resource_(resource), report_(report) {}

  void route(const Node& node, const Path& path) {
    const auto matches = matches_of(node);
    std::vector<const Node*> shadows;
    for (const auto* match : matches) shadows.push_back(shadow_of(*match));
    if (std::count(shadows.begin(), shadows.end(), nullptr) == 0) {
      whole(node, path, *shadows.front());
    } else {
      for (std::size_t i = 0; i < matches.size(); ++i)
        if (shadows[i] != nullptr)
          part(*matches[i], fmt::format("{}.match[{}]", path.words(), i), *shadows[i]);
    }
    for (const auto* match : matches) seen_.push_back({match, &node});
  }

 private:
  /// The earlier route that takes everything this match would.
  const Node* shadow_of(const Node& match) const {
    for (const auto& [earlier, route] : seen_)
      if (match_covers(*earlier, match)) return route;
    return nullptr;
  }
  void whole(const Node& node, const std::string& path, const Node& by) {
    const Node* match = node.find("match");
    report_
        .at(resource_, match != nullptr ? *match : node, path,
            "no request ever gets here: an earlier route takes them all")
        .notes = {see(by, "that one"), {{}, "the first match wins: put the narrower route first"}};
  }
  void part(const Node& match, const std::string& path, const Node& by) {
    report_.at(resource_, match, path, "this match adds nothing: an earlier route takes those requests")
        .notes = {see(by, "that one")};
  }

  const Resource& resource_;
  Report& report_;
  std::vector<std::pair<const Node*, const Node*>> seen_;
};

void check(const Estate& estate, Report& report) {
  for (const auto* resource : estate.of("VirtualService")) {
    const Node* routes = get(resource->root, "spec.http");
    if (routes == nullptr || routes->size() < 2) continue;
    Shadows shadows(*resource, report);
    each(resource->root, "spec.http[]", [&](const Place& route) { shadows.route(route.node, route.path); });
  }
}

}  // namespace

extern const Rule shadowed_route{
    .id = "shadowed-route",
    .severity = Severity::kWarning,
    .peers = "IST0130 IST0131",
    .title = "a route that no request can reach",
    .why =
        "Istio tries routes in the order they are written and takes the first that matches; how narrow they "
        "are "
        "does not count. A route behind one that takes the same requests, or behind one without a match, "
        "never "
        "gets any.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{uri: {prefix: /api}}]
    route: [{destination: {host: pets}}]
  - match:
    - uri: {prefix: /api/v2} # <<
      headers: {canary: {exact: "true"}}
    route: [{destination: {host: new-pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match:
    - uri: {prefix: /api/v2}
      headers: {canary: {exact: "true"}}
    route: [{destination: {host: new-pets}}]
  - match: [{uri: {prefix: /api}}]
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
