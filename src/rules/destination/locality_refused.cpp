#include <fmt/format.h>

#include <set>

#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

void check_shares(const Resource& rule, const Place& from, Report& report) {
  const Node* to = from.node.find("to");
  if (!is_mapping(to) || to->size() == 0) return;
  std::int64_t sum = 0;
  std::string terms;
  for (std::size_t i = 0; i < to->size(); ++i) {
    const auto share = number(to->entry(i).value, {}).value_or(0);
    if (share < 1 || share > 100)
      report.at(rule, to->entry(i).value, from.path + ".to." + to->entry(i).key.text, "a share is 1 to 100");
    sum += share;
    terms += fmt::format("{}{}", terms.empty() ? "" : " + ", share);
  }
  if (sum != 100)
    report.at(rule, *to, from.path + ".to",
              fmt::format("{} = {}: shares of one place must make 100", terms, sum));
}

void check_failover(const Resource& rule, const Place& pair, Report& report) {
  for (const auto field : {"from", "to"}) {
    const auto region = text(pair.node, field);
    if (region.find('/') != region.npos || region.find('*') != region.npos)
      refuse(rule, pair, field,
             fmt::format("'{}' is more than a region: failover knows regions only", region), report)
          .notes = {{{}, "failoverPriority goes by zones and labels"}};
  }
  if (!text(pair.node, "from").empty() && text(pair.node, "from") == text(pair.node, "to"))
    refuse(rule, pair, "to", "a region cannot stand in for itself", report);
}

void check_setting(const Resource& rule, const Place& setting, Report& report) {
  check_exclusive(rule, setting, "distribute", "failover", report);
  check_exclusive(rule, setting, "distribute", "failoverPriority", report);
  std::set<std::string_view> from;
  const auto below = [&](const Way& list, const auto& check) {
    each(setting.node, list, [&](const Place& at) {
      const auto path = setting.path + "." + at.path;
      check(Place{at.node, path});
    });
  };
  below("distribute[]", [&](const Place& one) {
    check_shares(rule, one, report);
    const auto place = text(one.node, "from");
    if (!place.empty() && !from.insert(place).second)
      refuse(rule, one, "from", fmt::format("'{}' is distributed a second time", place), report);
  });
  below("failover[]", [&](const Place& one) { check_failover(rule, one, report); });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"),
       {"spec.trafficPolicy.loadBalancer.localityLbSetting",
        "spec.subsets[].trafficPolicy.loadBalancer.localityLbSetting",
        "spec.trafficPolicy.portLevelSettings[].loadBalancer.localityLbSetting"},
       [&](const Resource* rule, const Place& setting) { check_setting(*rule, setting, report); });
}

}  // namespace

extern const Rule locality_refused{
    .id = "locality-refused",
    .severity = Severity::kError,
    .peers = "IST0106 VAL",
    .title = "shares or failover between places that Istio refuses",
    .why =
        "Traffic is either distributed by shares, which make 100 for each place it comes from, or it stays "
        "near and fails over from one region to another one. Istio's webhook refuses both at once, other "
        "sums, "
        "and zones where regions are meant.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5}
    loadBalancer:
      localityLbSetting:
        distribute:
        - from: west/*
          to: {"west/*": 80, "east/*": 10} # <<
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders, namespace: shop}
spec:
  host: orders
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5}
    loadBalancer:
      localityLbSetting:
        failover:
        - from: west/a # <<
          to: east
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5}
    loadBalancer:
      localityLbSetting:
        distribute:
        - from: west/*
          to: {"west/*": 90, "east/*": 10}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: orders, namespace: shop}
spec:
  host: orders
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5}
    loadBalancer:
      localityLbSetting:
        failover:
        - {from: west, to: east}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
