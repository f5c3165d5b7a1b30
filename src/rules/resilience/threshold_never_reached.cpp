#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::int64_t kDefault5xx = 5;  ///< istio.md 2.7

void check_block(const Resource& rule, const Place& block, Report& report) {
  const Node* gateway = block.node.find("consecutiveGatewayErrors");
  const Node* all = block.node.find("consecutive5xxErrors");
  const auto wanted = number(block.node, "consecutiveGatewayErrors").value_or(0);
  const auto first = all == nullptr ? kDefault5xx : number(block.node, "consecutive5xxErrors").value_or(0);
  if (gateway == nullptr || wanted < first || first <= 0) return;
  auto& finding = report.at(
      rule, *gateway, block.path + ".consecutiveGatewayErrors",
      fmt::format("{} gateway errors in a row are never seen: {} 5xx in a row, gateway errors among them, "
                  "eject first",
                  wanted, first));
  if (all == nullptr) finding.severity = Severity::kInfo;  // the default may be what they go by
  finding.notes.push_back(all != nullptr ? see(*all, "the limit that comes first")
                                         : Note{{}, "consecutive5xxErrors is 5 where nobody says otherwise"});
  finding.notes.push_back({{},
                           fmt::format("to eject for 502, 503 and 504 only, say consecutive5xxErrors: 0; or "
                                       "take a number below {}",
                                       first)});
}

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"),
       {"spec.trafficPolicy.outlierDetection", "spec.trafficPolicy.portLevelSettings[].outlierDetection",
        "spec.subsets[].trafficPolicy.outlierDetection",
        "spec.subsets[].trafficPolicy.portLevelSettings[].outlierDetection"},
       [&](const Resource* rule, const Place& block) { check_block(*rule, block, report); });
}

}  // namespace

extern const Rule threshold_never_reached{
    .id = "threshold-never-reached",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a limit on gateway errors that the one on all 5xx makes useless",
    .why =
        "502, 503 and 504 count for consecutiveGatewayErrors and for consecutive5xxErrors alike, and any "
        "other 5xx for the latter only. So the count of all 5xx is never behind, and a limit on gateway "
        "errors that is not smaller decides nothing. Where nobody writes it (then this is an info), the "
        "limit "
        "on 5xx is 5; 0 switches it off.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      consecutiveGatewayErrors: 5 # <<
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy:
      outlierDetection:
        consecutiveGatewayErrors: 10 # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      consecutiveGatewayErrors: 3
  subsets:
  - name: v1
    labels: {version: v1}
    trafficPolicy:
      outlierDetection:
        consecutive5xxErrors: 0
        consecutiveGatewayErrors: 10
)",
    .check = check,
};

}  // namespace marty::rules::catalog
