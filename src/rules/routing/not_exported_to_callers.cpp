#include <fmt/format.h>

#include <map>
#include <set>

#include "dialect/names.hpp"
#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether sidecars of that namespace are told about the object.
bool exported(const Resource& object, std::string_view ns) {
  const Node* list = get(object.root, "spec.exportTo");
  if (list == nullptr || list->size() == 0) return true;  // the mesh's default is everywhere
  for (const auto& one : list->children)
    if (one.text == "*" || one.text == ns || (one.text == "." && *object.ns == ns)) return true;
  return false;
}

/// The VirtualServices of sidecars and the DestinationRules that keep to some namespaces, by host.
std::multimap<std::string, const Resource*> kept(const Estate& estate) {
  std::multimap<std::string, const Resource*> out;
  for (const auto* kind : {"VirtualService", "DestinationRule"})
    for (const auto* object : estate.of(kind)) {
      if (get(object->root, "spec.exportTo") == nullptr || get(object->root, "spec.gateways") != nullptr)
        continue;
      for (const Way& pattern : {Way("spec.host"), Way("spec.hosts[]")})
        each(object->root, pattern,
             [&](const Place& host) { out.emplace(dialect::fqdn(host.node.text, *object->ns), object); });
    }
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto objects = kept(estate);
  if (objects.empty()) return;
  std::set<const Resource*> said;
  each_call(estate, [&](const Call& call) {
    if (!estate.istio_injected(call.from.ns(), &call.from)) return;
    const auto [first, last] = objects.equal_range(dialect::fqdn(*call.service.name, *call.service.ns));
    for (auto one = first; one != last; ++one) {
      const auto& object = *one->second;
      // What a namespace writes for its own callers is meant for them alone.
      if (exported(object, call.from.ns()) || *object.ns != *call.service.ns || !said.insert(&object).second)
        continue;
      report
          .at(object, *get(object.root, "spec.exportTo"), "spec.exportTo",
              fmt::format("'{}' in namespace '{}' calls '{}', but its sidecars are not told of this",
                          *call.from.owner->name, call.from.ns(), *call.service.name))
          .notes = {see(call.place.node, "it calls it here"),
                    {{}, "add the namespace, or leave exportTo out: then all of them are told"}};
    }
  });
}

}  // namespace

extern const Rule not_exported_to_callers{
    .id = "not-exported-to-callers",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "routes or limits of a Service that its callers are not told about",
    .why =
        "Retries, timeouts, limits and ejection are carried out by the caller's sidecar. exportTo says which "
        "namespaces' sidecars get the object; for the others the Service has no VirtualService and no "
        "DestinationRule, and what stands there is true for its own namespace only. Nothing fails: calls "
        "from outside simply have Istio's defaults.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports: [{name: http, port: 8080}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  exportTo: ["."] # <<
  hosts: [pets]
  http: [{timeout: 2s, route: [{destination: {host: pets}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: web:1, env: [{name: PETS, value: "http://pets.shop:8080"}]}
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: web, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports: [{name: http, port: 8080}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  exportTo: [".", web]
  hosts: [pets]
  http: [{timeout: 2s, route: [{destination: {host: pets}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: web:1, env: [{name: PETS, value: "http://pets.shop:8080"}]}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
