#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The ports of a Service as callers name them, and where each leads.
std::map<std::string, std::string> ports_of(const Resource& service) {
  std::map<std::string, std::string> out;
  each(service.root, "spec.ports[]",
       [&](const Place& port) { out.emplace(text(port.node, "port"), text(port.node, "targetPort")); });
  return out;
}

void check_port(const Resource& rule, const Resource& service,
                const std::map<std::string, std::string>& ports, const Place& number, Report& report) {
  if (ports.contains(number.node.text)) return;
  auto& finding = report.at(rule, number,
                            fmt::format("Service '{}' has no port {}: these settings are for nobody",
                                        *service.name, number.node.text));
  finding.notes = {see(service, "the Service")};
  for (const auto& [port, target] : ports)
    if (target == number.node.text)
      finding.notes.push_back({{}, fmt::format("{} is the pods' port; callers call {}", target, port)});
}

void check_list(const Estate& estate, const Resource& rule, const Place& list, Report& report) {
  const auto* service = estate.service(text(rule.root, "spec.host"), *rule.ns);
  if (service == nullptr) return;
  const auto ports = ports_of(*service);
  std::map<std::string_view, const Node*> first;
  each(list.node, "[].port.number", [&](const Place& at) {
    const auto path = list.path + at.path;
    check_port(rule, *service, ports, {at.node, path}, report);
    const auto [known, fresh] = first.try_emplace(at.node.text, &at.node);
    if (!fresh)
      report.at(rule, at.node, path, fmt::format("settings for port {} a second time", at.node.text))
          .notes = {see(*known->second, "the first time")};
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"),
       {"spec.trafficPolicy.portLevelSettings", "spec.subsets[].trafficPolicy.portLevelSettings"},
       [&](const Resource* rule, const Place& list) { check_list(estate, *rule, list, report); });
}

}  // namespace

extern const Rule port_settings_for_no_port{
    .id = "port-settings-for-no-port",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "settings for a port that the Service does not have",
    .why =
        "A DestinationRule is carried out by callers, who know the Service's own ports. Settings under the "
        "number of the pods' port, or of none, are accepted and used for no call: the limits one believes in "
        "are those of the whole host.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    portLevelSettings:
    - port: {number: 8080} # <<
      connectionPool: {tcp: {maxConnections: 100}}
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  trafficPolicy:
    portLevelSettings:
    - port: {number: 80}
      connectionPool: {tcp: {maxConnections: 100}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
