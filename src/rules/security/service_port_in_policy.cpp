#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

/// What Services say of the ports of one kind of pods: their own ports, and where those lead.
struct Ports {
  std::map<std::string, std::uint16_t> service;  ///< port of a Service → port of the pods
  std::map<std::string, const Resource*> said_by;
  std::set<std::string> own;
};

std::map<const Pods*, Ports> ports_of_pods(const Estate& estate) {
  std::map<const Pods*, Ports> out;
  for (const auto* service : estate.of("Service")) {
    const auto* known = estate.modelled(*service);
    if (known == nullptr) continue;
    for (const auto* pods : estate.pods_of(*service))
      for (const auto& port : known->ports) {
        const auto target = port.target_port != 0 ? port.target_port : port.port;
        auto& ports = out[pods];
        ports.own.insert(std::to_string(target));
        ports.service.emplace(std::to_string(port.port), target);
        ports.said_by.emplace(std::to_string(port.port), service);
      }
  }
  for (auto& [pods, ports] : out)
    each(*pods->spec, "containers[].ports[].containerPort",
         [&, &own = ports.own](const Place& port) { own.insert(port.node.text); });
  return out;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == text.npos &&
         std::stoi(std::string(text)) <= 65535;
}

void check_port(const Resource& policy, const Node& node, std::string path,
                const std::vector<const Pods*>& pods, const std::map<const Pods*, Ports>& all,
                Report& report) {
  const Ports* meant = nullptr;
  for (const auto* one : pods) {
    const auto known = all.find(one);
    if (known == all.end() || known->second.own.contains(node.text) ||
        !known->second.service.contains(node.text))
      return;
    meant = &known->second;
  }
  if (meant == nullptr) return;
  report
      .at(policy, node, std::move(path),
          fmt::format("{} is the Service's port; policies go by the pods' own, which is {}", node.text,
                      meant->service.at(node.text)))
      .notes = {see(*meant->said_by.at(node.text), "the Service that leads from one to the other")};
}

void check_numbers(const Resource& policy, Report& report) {
  for (const auto list : {"ports[]", "notPorts[]"})
    each(policy.root, fmt::format("spec.rules[].to[].operation.{}", list), [&](const Place& port) {
      if (!is_port(port.node.text))
        report.at(policy, port, fmt::format("no connection comes to port '{}'", port.node.text));
    });
}

void check(const Estate& estate, Report& report) {
  for (const auto* policy : estate.of("AuthorizationPolicy", "security.istio.io"))
    check_numbers(*policy, report);
  const auto all = ports_of_pods(estate);
  for (const auto& kind : selecting_kinds()) {
    if (kind.kind != "PeerAuthentication" && kind.kind != "AuthorizationPolicy") continue;
    for (const auto* policy : estate.of(kind.kind)) {
      if (policy->group() != kind.group || labels_of(*policy, kind) == nullptr) continue;
      const auto pods = chosen(estate, *policy, kind);
      const Node* levels = get(policy->root, "spec.portLevelMtls");
      for (std::size_t i = 0; is_mapping(levels) && i < levels->size(); ++i)
        check_port(*policy, levels->entry(i).key, "spec.portLevelMtls." + levels->entry(i).key.text, pods,
                   all, report);
      each(policy->root, "spec.rules[].to[].operation.ports[]",
           [&](const Place& port) { check_port(*policy, port.node, port.path, pods, all, report); });
    }
  }
}

}  // namespace

extern const Rule service_port_in_policy{
    .id = "service-port-in-policy",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a policy names the Service's port where the pods' port is meant",
    .why =
        "A sidecar guards the ports its pod listens at. The number of a Service in front of them is known to "
        "callers only: portLevelMtls and 'ports' with that number mean no connection at all, so the "
        "exception "
        "is not made, the ALLOW lets nobody in, and the DENY keeps nobody out.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls:
    80: {mode: PERMISSIVE} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec: {selector: {app: pets}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  mtls: {mode: STRICT}
  portLevelMtls:
    8080: {mode: PERMISSIVE}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
