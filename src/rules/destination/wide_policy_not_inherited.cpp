#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

using Wide = std::map<std::string, const Resource*>;  // by what follows the '*'

/// The rule for a suffix that would count for the host if it had none of its own: the longest.
const Resource* over(const Wide& wide, std::string_view host) {
  for (std::size_t at = 0; at < host.size(); ++at)
    if (const auto known = wide.find(std::string(host.substr(at))); known != wide.end()) return known->second;
  const auto all = wide.find("");
  return all == wide.end() ? nullptr : all->second;
}

/// The first setting of the wider rule that this one lacks. Mutual TLS needs no rule: sidecars agree on it.
const Node* lost(const Resource& wide, const Resource& narrow) {
  const Node* all = get(wide.root, "spec.trafficPolicy");
  const Node* own = get(narrow.root, "spec.trafficPolicy");
  for (std::size_t i = 0; all != nullptr && all->is_mapping() && i < all->size(); ++i) {
    const auto& [key, value] = all->entry(i);
    if (key.text == "tls" && text(value, "mode") == "ISTIO_MUTUAL") continue;
    if (own == nullptr || own->find(key.text) == nullptr) return &key;
  }
  return nullptr;
}

void check(const Estate& estate, Report& report) {
  Wide wide;
  for (const auto* rule : estate.of("DestinationRule"))
    if (const auto host = text(rule->root, "spec.host"); host.starts_with('*'))
      wide.emplace(host.substr(1), rule);
  if (wide.empty()) return;
  for (const auto* rule : estate.of("DestinationRule")) {
    const Node* host = get(rule->root, "spec.host");
    if (host == nullptr || host->text.starts_with('*')) continue;
    const auto* wider = over(wide, dialect::fqdn(host->text, *rule->ns));
    const Node* there = wider == nullptr ? nullptr : lost(*wider, *rule);
    if (there == nullptr) continue;
    report
        .at(*rule, *host, "spec.host",
            fmt::format("for this host '{}' no longer counts, and its {} is not repeated here", *wider->name,
                        there->text))
        .notes = {see(*there, "what is lost"),
                  {{}, "repeat it here: a narrow rule replaces a wide one whole"}};
  }
}

}  // namespace

extern const Rule wide_policy_not_inherited{
    .id = "wide-policy-not-inherited",
    .severity = Severity::kWarning,
    .peers = "KIA0204",
    .title = "a DestinationRule that takes a wider one's settings away from its host",
    .why =
        "Of a rule for *.local and one for a host only the latter counts for that host, whole: what it does "
        "not say falls back to Istio's defaults and not to the wider rule. Limits, ejection or TLS settings "
        "meant for the whole mesh are gone for just the hosts that somebody took care of.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: default, namespace: istio-system}
spec:
  host: "*.local"
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 50}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets # <<
  trafficPolicy:
    connectionPool: {http: {http1MaxPendingRequests: 100}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: default, namespace: istio-system}
spec:
  host: "*.local"
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 50}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    outlierDetection: {consecutive5xxErrors: 5, maxEjectionPercent: 50}
    connectionPool: {http: {http1MaxPendingRequests: 100}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
