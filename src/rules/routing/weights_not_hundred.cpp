#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_route(const Resource& resource, const Place& route, Report& report) {
  if (!route.node.is_sequence() || route.node.size() < 2) return;
  std::int64_t sum = 0;
  std::string terms, shares;
  for (const auto& to : route.node.children) sum += number(to, "weight").value_or(0);
  if (sum == 100 || sum <= 0) return;
  for (const auto& to : route.node.children) {
    const auto weight = number(to, "weight").value_or(0);
    terms += fmt::format("{}{}", terms.empty() ? "" : " + ", weight);
    shares += fmt::format("{}{:.0f} %", shares.empty() ? "" : ", ",
                          100.0 * static_cast<double>(weight) / static_cast<double>(sum));
  }
  report.at(resource, route, fmt::format("{} = {}, not 100: the shares are {}", terms, sum, shares));
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[].route",
       [&](const Resource* resource, const Place& route) { check_route(*resource, route, report); });
}

}  // namespace

extern const Rule weights_not_hundred{
    .id = "weights-not-hundred",
    .severity = Severity::kWarning,
    .peers = "KIA1104",
    .title = "weights that do not add up to 100",
    .why =
        "Weights are relative to their sum, so 90 and 20 mean 82 % and 18 %: seldom what their author had in "
        "mind, and other tools count in hundredths. Make them add up to 100.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets}, weight: 90} # <<
    - {destination: {host: old-pets}, weight: 20}
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
    - {destination: {host: old-pets}, weight: 20}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
