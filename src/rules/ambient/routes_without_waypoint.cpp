#include <fmt/format.h>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool of_the_mesh(const Resource& resource) {
  const Node* gateways = get(resource.root, "spec.gateways");
  if (gateways == nullptr || gateways->size() == 0) return true;
  for (const auto& gateway : gateways->children)
    if (gateway.text == "mesh") return true;
  return false;
}

void check_host(const Estate& estate, const Resource& resource, const Place& host, Report& report) {
  const auto* service = estate.service(host.node.text, *resource.ns);
  if (service == nullptr || !is_ambient(estate, *service->ns) || uses_waypoint(estate, *service->ns)) return;
  const Node* labels = get(service->root, "metadata.labels");
  if (labels != nullptr && labels->find("istio.io/use-waypoint") != nullptr) return;
  report
      .at(resource, host,
          fmt::format(
              "'{}' is in the ambient namespace '{}' and has no waypoint: nobody there carries this out",
              *service->name, *service->ns))
      .notes = {see(*service, "the Service"), {{}, "label it istio.io/use-waypoint with a waypoint's name"}};
}

void check(const Estate& estate, Report& report) {
  if (!any_ambient(estate)) return;
  const auto see_hosts = [&](std::string_view kind, const Way& way) {
    each(estate.of(kind), way, [&](const Resource* resource, const Place& host) {
      if (of_the_mesh(*resource)) check_host(estate, *resource, host, report);
    });
  };
  see_hosts("VirtualService", "spec.hosts[]");
  see_hosts("DestinationRule", "spec.host");
}

}  // namespace

extern const Rule routes_without_waypoint{
    .id = "routes-without-waypoint",
    .severity = Severity::kWarning,
    .peers = "KIA0210 KIA0211 KIA1109 KIA1113",
    .title = "routes or limits for a Service of an ambient namespace without a waypoint",
    .why =
        "Routing, retries, timeouts and circuit breaking need a proxy that reads HTTP. In ambient mode that "
        "is the Service's waypoint; ztunnel passes connections on as they are. Without a waypoint a "
        "VirtualService or DestinationRule is in force only for callers that have sidecars, and at gateways.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets] # <<
  http: [{timeout: 3s, route: [{destination: {host: pets}}]}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http: [{timeout: 3s, route: [{destination: {host: pets}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
