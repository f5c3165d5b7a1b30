#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool has_hosts(const Resource& resource) {
  const Node* hosts = get(resource.root, "spec.hosts");
  return hosts != nullptr && hosts->size() > 0;
}

void check_target(const Estate& estate, const Resource& root, const Place& delegate, Report& report) {
  const auto said = text(delegate.node, "namespace");
  const auto ns = said.empty() ? std::string_view(*root.ns) : said;
  const auto name = text(delegate.node, "name");
  const Node& place = delegate.node.find("name") != nullptr ? *delegate.node.find("name") : delegate.node;
  const auto& there = estate.names("VirtualService", ns);  // empty: that namespace is not among the files
  if (there.empty() || name.empty()) return;
  const auto* target = estate.find("VirtualService", ns, name);
  if (target == nullptr) {
    suggest(
        report.at(root, place, delegate.path + ".name",
                  fmt::format("no VirtualService '{}' in namespace '{}': this route is left out", name, ns)),
        name, there);
  } else if (has_hosts(*target)) {
    report
        .at(root, place, delegate.path + ".name",
            fmt::format("'{}' has hosts, so it is no delegate and this route is left out", name))
        .notes = {see(*target, "the one meant"), {{}, "take its 'hosts' away, or route to the service here"}};
  }
}

void check_delegate(const Resource& resource, Report& report) {
  for (const auto* field : {"spec.gateways", "spec.tls", "spec.tcp"})
    if (const Node* node = get(resource.root, field); node != nullptr && node->size() > 0)
      report.at(resource, *node, field,
                "a VirtualService without hosts is a delegate: it has http routes only");
  each(resource.root, "spec.http[].delegate", [&](const Place& again) {
    report.at(resource, again, "a delegate cannot delegate again; Istio ignores it whole");
  });
}

void check(const Estate& estate, Report& report) {
  static constexpr Way kWays[] = {"spec", "spec.http[].delegate"};
  const auto& all = estate.of("VirtualService");
  if (all.empty()) return;
  each(all.found(), kWays, [&](std::size_t i, std::size_t way, const Place& at) {
    const bool root = has_hosts(*all[i]);
    if (way == 0 && !root) check_delegate(*all[i], report);
    if (way == 1 && root) check_target(estate, *all[i], at, report);
  });
}

}  // namespace

extern const Rule broken_delegate{
    .id = "broken-delegate",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "a route handed over to a VirtualService that cannot take it",
    .why =
        "A VirtualService with hosts may hand a prefix over to another one, its delegate, which has no "
        "hosts, "
        "no gateways and http routes only. When the delegate is missing, has hosts of its own or delegates "
        "again, Istio leaves the route out without a word and the paths answer 404.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [edge/front]
  http:
  - match: [{uri: {prefix: /pets}}]
    delegate:
      name: pet-routes # <<
  - match: [{uri: {prefix: /orders}}]
    delegate: {name: order-routes}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets-routes, namespace: shop}
spec:
  http: [{route: [{destination: {host: pets, port: {number: 80}}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: order-routes, namespace: shop}
spec:
  gateways: [edge/front] # <<
  http: [{route: [{destination: {host: orders, port: {number: 80}}}]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [edge/front]
  http:
  - match: [{uri: {prefix: /pets}}]
    delegate: {name: pets-routes}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets-routes, namespace: shop}
spec:
  http: [{route: [{destination: {host: pets, port: {number: 80}}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
