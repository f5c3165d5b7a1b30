#include <fmt/format.h>

#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The field of 'match' that a patch of that kind is found by; empty when any will do.
std::string_view match_of(std::string_view apply_to) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kAll{
      {{"LISTENER", "listener"},
       {"FILTER_CHAIN", "listener"},
       {"NETWORK_FILTER", "listener"},
       {"HTTP_FILTER", "listener"},
       {"LISTENER_FILTER", "listener"},
       {"ROUTE_CONFIGURATION", "routeConfiguration"},
       {"VIRTUAL_HOST", "routeConfiguration"},
       {"HTTP_ROUTE", "routeConfiguration"},
       {"CLUSTER", "cluster"}}};
  for (const auto& [kind, field] : kAll)
    if (kind == apply_to) return field;
  return {};
}

void check_filters(const Resource& resource, const Place& patch, std::string_view apply_to, Report& report) {
  const Node* filter = get(patch.node, "match.listener.filterChain.filter");
  const Node* sub = filter == nullptr ? nullptr : filter->find("subFilter");
  if (filter == nullptr) return;
  const auto path = patch.path + ".match.listener.filterChain.filter";
  if (text(*filter, "name").empty())
    report.at(resource, *filter, path, "a match by filter needs the filter's name; Istio refuses it");
  if (sub == nullptr) return;
  if (apply_to != "HTTP_FILTER")
    report.at(resource, *sub, path + ".subFilter", "subFilter is for applyTo: HTTP_FILTER only");
  else if (text(*filter, "name") != "envoy.filters.network.http_connection_manager")
    report.at(resource, *sub, path + ".subFilter",
              "only envoy.filters.network.http_connection_manager has filters inside");
  else if (text(*sub, "name").empty())
    report.at(resource, *sub, path + ".subFilter", "a subFilter is found by its name, which is missing");
}

void check(const Estate& estate, Report& report) {
  each(estate.of("EnvoyFilter"), "spec.configPatches[]", [&](const Resource* resource, const Place& patch) {
    const auto apply_to = text(patch.node, "applyTo");
    const auto wanted = match_of(apply_to);
    for (const std::string_view field : {"listener", "routeConfiguration", "cluster"}) {
      const Node* match = get(patch.node, "match");
      const Node* said = match == nullptr ? nullptr : match->find(field);
      if (said == nullptr || wanted.empty() || field == wanted) continue;
      report.at(*resource, *said, fmt::format("{}.match.{}", patch.path, field),
                fmt::format("a {} is found by match.{}, not by '{}'", apply_to, wanted, field));
    }
    check_filters(*resource, patch, apply_to, report);
  });
}

}  // namespace

extern const Rule patch_of_another_class{
    .id = "patch-of-another-class",
    .severity = Severity::kError,
    .peers = "IST0106",
    .title = "an EnvoyFilter looks for its target in the wrong part of the configuration",
    .why =
        "What a patch applies to decides where it is looked for: filters in listeners, routes in route "
        "configurations, clusters by themselves. With a match of another kind Istio's webhook refuses the "
        "object, and an older istiod would apply the patch to everything.",
    .bad = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: CLUSTER
    match:
      context: SIDECAR_OUTBOUND
      listener: {portNumber: 80} # <<
    patch: {operation: MERGE, value: {connect_timeout: 1s}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: CLUSTER
    match:
      context: SIDECAR_OUTBOUND
      cluster: {service: pets.shop.svc.cluster.local}
    patch: {operation: MERGE, value: {connect_timeout: 1s}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
