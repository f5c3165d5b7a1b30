#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The values that pods of any namespace have under each label.
std::map<std::string_view, std::set<std::string_view>> values_of(const Estate& estate) {
  std::map<std::string_view, std::set<std::string_view>> out;
  for (const auto& pods : estate.pods())
    for (const auto& [key, value] : pods.labels) out[key].insert(value);
  return out;
}

void check(const Estate& estate, Report& report) {
  if (estate.of("Gateway", "networking.istio.io").empty()) return;
  const auto values = values_of(estate);
  std::map<std::pair<std::string_view, std::string_view>, std::optional<std::string>>
      guesses;  // many ask the same
  for (const auto* gateway : estate.of("Gateway", "networking.istio.io")) {
    const Node* selector = get(gateway->root, "spec.selector");
    for (std::size_t i = 0; is_mapping(selector) && i < selector->size(); ++i) {
      const auto [key, value] = selector->entry(i);
      const auto there = values.find(key.text);
      // The proxies of a gateway are seldom among the files; a slip is told by a label that is nearly the
      // same.
      if (there == values.end() || there->second.contains(value.text)) continue;
      const auto [guess, fresh] = guesses.try_emplace({key.text, value.text});
      if (fresh) guess->second = closest(value.text, {there->second.begin(), there->second.end()});
      const auto& near = guess->second;
      if (!near) continue;
      report
          .at(*gateway, value, "spec.selector." + key.text,
              fmt::format("no proxies have {}: {}, so this Gateway is served by nobody", key.text,
                          value.text))
          .notes = {{{}, fmt::format("did you mean '{}'?", *near)}};
    }
  }
}

}  // namespace

extern const Rule gateway_selects_no_pods{
    .id = "gateway-selects-no-pods",
    .severity = Severity::kWarning,
    .peers = "KIA0302 IST0101",
    .title = "a Gateway's selector is misspelt",
    .why =
        "A Gateway of Istio's is carried out by the pods its selector finds, in any namespace. When it finds "
        "none, no port is opened and the routes bound to it go nowhere: connections are refused. Reported "
        "where "
        "pods of the files have a label that is nearly the same.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway, sidecar.istio.io/inject: "true"}}
    spec:
      serviceAccountName: ingress
      containers: [{name: istio-proxy, image: auto}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingresgateway} # <<
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [pets.example.com]}]
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress, namespace: edge}
spec:
  selector: {matchLabels: {istio: ingressgateway}}
  template:
    metadata: {labels: {istio: ingressgateway, sidecar.istio.io/inject: "true"}}
    spec:
      serviceAccountName: ingress
      containers: [{name: istio-proxy, image: auto}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [pets.example.com]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
