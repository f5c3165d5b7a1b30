#include <fmt/format.h>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Sidecars route a host's own ports one by one: there the port a request came to is one of the Service's.
bool host_is_routed(const Resource& resource, std::string_view host) {
  bool own = false;
  each(resource.root, "spec.hosts[]", [&](const Place& written) {
    own = own || dialect::fqdn(written.node.text, *resource.ns) == dialect::fqdn(host, *resource.ns);
  });
  return own && get(resource.root, "spec.gateways") == nullptr;
}

void check(const Estate& estate, Report& report) {
  each(estate.of("VirtualService"), "spec.http[].route[].destination",
       [&](const Resource* resource, const Place& to) {
         if (to.node.find("port") != nullptr) return;
         const auto host = text(to.node, "host");
         const auto* service = estate.service(host, *resource->ns);
         const Node* ports = service == nullptr ? nullptr : get(service->root, "spec.ports");
         if (ports == nullptr || ports->size() < 2 || host_is_routed(*resource, host)) return;
         report
             .at(*resource, to,
                 fmt::format("Service '{}' has {} ports and this destination names none", *service->name,
                             ports->size()))
             .notes = {see(*ports, "its ports"), {{}, "write port: {number: …}"}};
       });
}

}  // namespace

extern const Rule destination_needs_port{
    .id = "destination-needs-port",
    .severity = Severity::kError,
    .peers = "IST0112",
    .title = "a destination leaves the port open though its Service has several",
    .why =
        "A request keeps the port it came to unless the destination names one. With several ports on the "
        "Service the listener the request arrives at decides, and at a gateway that port usually exists "
        "on no backend: the route then has no cluster and answers 503. Name the port.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports:
  - {name: http, port: 80}
  - {name: http-admin, port: 81}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [shop/front]
  http:
  - route:
    - destination: {host: pets} # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports:
  - {name: http, port: 80}
  - {name: http-admin, port: 81}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [shop/front]
  http:
  - route:
    - destination: {host: pets, port: {number: 80}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
