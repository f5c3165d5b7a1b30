#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_route(const Resource& resource, const Place& route, Report& report) {
  if (route.node.size() < 2) return;
  std::map<std::string, const Node*> first;
  each(route.node, "[].destination", [&](const Place& to) {
    const auto name = fmt::format("{} {} {}", dialect::fqdn(text(to.node, "host"), *resource.ns),
                                  text(to.node, "subset"), text(to.node, "port.number"));
    const auto [place, fresh] = first.try_emplace(name, &to.node);
    if (fresh) return;
    report.at(resource, to.node, route.path + to.path, "this route has the same destination already")
        .notes = {see(*place->second, "the other one"), {{}, "add their weights up in one entry"}};
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[].route",
       [&](const Resource* resource, const Place& route) { check_route(*resource, route, report); });
}

}  // namespace

extern const Rule same_destination_twice{
    .id = "same-destination-twice",
    .severity = Severity::kWarning,
    .peers = "KIA1105",
    .title = "a route names one destination twice",
    .why =
        "Two entries with the same host, subset and port share their weights; one of them was probably meant "
        "to be another version, which now gets nothing.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets}, weight: 80}
    - {destination: {host: pets.shop.svc.cluster.local}, weight: 20} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets}, weight: 80}
    - {destination: {host: new-pets}, weight: 20}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
