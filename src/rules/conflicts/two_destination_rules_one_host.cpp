#include <fmt/format.h>

#include <unordered_map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// What two rules of one host both say, of which only the older counts: a policy for the host, or a subset.
std::string said_twice(const Node& one, const Node& two) {
  if (one.find("trafficPolicy") != nullptr && two.find("trafficPolicy") != nullptr) return "a trafficPolicy";
  std::string out;
  each(one, "subsets[].name", [&](const Place& name) {
    each(two, "subsets[].name", [&](const Place& other) {
      if (name.node.text == other.node.text) out = fmt::format("the subset '{}'", name.node.text);
    });
  });
  return out;
}

void check(const Estate& estate, Report& report) {
  std::unordered_map<std::string, const Resource*> first;  // by "ns/host"
  for (const auto* resource : estate.of("DestinationRule")) {
    const Node* spec = resource->root.find("spec");
    const Node* host = spec == nullptr ? nullptr : spec->find("host");
    if (host == nullptr || spec->find("workloadSelector") != nullptr) continue;
    const auto name = dialect::fqdn(host->text, *resource->ns);
    const auto [place, fresh] = first.try_emplace(*resource->ns + "/" + name, resource);
    if (fresh) continue;
    const auto what = said_twice(*place->second->root.find("spec"), *spec);
    if (what.empty()) continue;
    report
        .at(*resource, *host, "spec.host",
            fmt::format("DestinationRule '{}' has {} for {} already; only the older one's counts",
                        *place->second->name, what, name))
        .notes = {see(*place->second, "the other one"),
                  {{}, "put everything about a host into one DestinationRule"}};
  }
}

}  // namespace

extern const Rule two_destination_rules_one_host{
    .id = "two-destination-rules-one-host",
    .severity = Severity::kError,
    .peers = "KIA0201",
    .title = "two DestinationRules say the same about one host",
    .why =
        "DestinationRules of one host in one namespace are merged, the oldest first: subsets are put "
        "together, "
        "but of two trafficPolicy blocks the whole younger one is dropped, and of two subsets with one name "
        "the "
        "younger. The limits in it are never in force.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: limits, namespace: shop}
spec:
  host: pets
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 50}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ejection, namespace: shop}
spec:
  host: pets.shop.svc.cluster.local # <<
  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 5}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 50}}
    outlierDetection: {consecutive5xxErrors: 5}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
