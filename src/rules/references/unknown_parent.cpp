#include <fmt/format.h>

#include "rules/parents.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check_gateway(const GatewayParent& parent,
                   const std::map<std::string_view, std::vector<std::string_view>>& all, Report& report) {
  if (parent.gateway == nullptr) {
    const auto there = all.find(parent.ns);
    const Node* name = parent.ref.node.find("name");
    if (there == all.end() || name == nullptr) return;
    suggest(report.at(parent.route, *name, parent.ref.path + ".name",
                      fmt::format("no Gateway '{}' in namespace '{}'", parent.name, parent.ns)),
            parent.name, there->second);
    return;
  }
  bool chosen = false;
  each_chosen_listener(parent, [&](const Place&) { chosen = true; });
  if (chosen) return;
  std::vector<std::string_view> names;
  each(parent.gateway->root, "spec.listeners[].name",
       [&](const Place& name) { names.push_back(name.node.text); });
  const Node* section = parent.ref.node.find("sectionName");
  const Node& place = section != nullptr ? *section : parent.ref.node;
  auto& finding = report.at(parent.route, place, parent.ref.path + (section != nullptr ? ".sectionName" : ""),
                            fmt::format("Gateway '{}' has no such listener", parent.name));
  finding.notes = {see(*parent.gateway, "the Gateway")};
  if (section != nullptr) suggest(finding, section->text, names);
}

/// In a mesh a route's parent is the Service whose callers it guides.
void check_services(const Estate& estate, Report& report) {
  for (const auto kind : {"HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"})
    each(estate.of(kind), "spec.parentRefs[]", [&](const Resource* route, const Place& ref) {
      const Node* name = ref.node.find("name");
      if (text(ref.node, "kind") != "Service" || name == nullptr) return;
      const auto said = text(ref.node, "namespace");
      const auto ns = said.empty() ? std::string_view(*route->ns) : said;
      const auto* service = estate.find("Service", ns, name->text);
      if (service == nullptr) {
        if (estate.has_services(ns))
          suggest(report.at(*route, *name, ref.path + ".name",
                            fmt::format("no Service '{}' in namespace '{}'", name->text, ns)),
                  name->text, estate.names("Service", ns));
        return;
      }
      const Node* port = ref.node.find("port");
      bool has = port == nullptr;
      each(service->root, "spec.ports[].port",
           [&](const Place& own) { has = has || own.node.text == port->text; });
      if (!has)
        report
            .at(*route, *port, ref.path + ".port",
                fmt::format("Service '{}' has no port {}", name->text, port->text))
            .notes = {see(*service, "the Service")};
    });
}

void check(const Estate& estate, Report& report) {
  const auto names = gateway_names(estate);
  each_gateway_parent(estate, [&](const GatewayParent& parent) { check_gateway(parent, names, report); });
  check_services(estate, report);
}

}  // namespace

extern const Rule unknown_parent{
    .id = "unknown-parent",
    .severity = Severity::kError,
    .peers = "IST0101 KIA1401",
    .title = "a route hangs on a Gateway, listener or Service that is not there",
    .why =
        "parentRefs say where a route is in force: at the listeners of a Gateway, or with the callers of a "
        "Service. When there is no such parent, no proxy gets the route; its status says NoMatchingParent, "
        "and "
        "requests are answered as if it had not been written.",
    .bad = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: edge}
spec:
  parentRefs:
  - name: fornt # <<
  - name: front
    sectionName: https # <<
  rules: [{matches: [{path: {type: PathPrefix, value: /pets}}]}]
)",
    .good = R"(
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: edge}
spec:
  gatewayClassName: istio
  listeners: [{name: http, port: 80, protocol: HTTP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: pets, namespace: edge}
spec:
  parentRefs:
  - name: front
    sectionName: http
  rules: [{matches: [{path: {type: PathPrefix, value: /pets}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
