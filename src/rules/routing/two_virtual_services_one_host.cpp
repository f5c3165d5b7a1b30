#include <fmt/format.h>

#include <unordered_map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool applies_to_sidecars(const Resource& resource) {
  const Node* gateways = get(resource.root, "spec.gateways");
  if (gateways == nullptr || gateways->size() == 0) return true;
  for (const auto& gateway : gateways->children)
    if (gateway.text == "mesh") return true;
  return false;
}

void check(const Estate& estate, Report& report) {
  std::unordered_map<std::string, std::pair<const Resource*, const Node*>> first;
  each(estate.of("VirtualService"), "spec.hosts[]", [&](const Resource* resource, const Place& host) {
    if (!applies_to_sidecars(*resource)) return;
    const auto name = dialect::fqdn(host.node.text, *resource->ns);
    const auto [place, fresh] = first.try_emplace(name, resource, &host.node);
    if (fresh || place->second.first == resource) return;
    const auto& [other, there] = place->second;
    report
        .at(*resource, host,
            fmt::format(
                "{} already has its routes from VirtualService '{}'; sidecars use the older of the two "
                "and ignore the other",
                name, *other->name))
        .notes = {see(*there, "the other one"), {{}, "put all routes of a host into one VirtualService"}};
  });
}

}  // namespace

extern const Rule two_virtual_services_one_host{
    .id = "two-virtual-services-one-host",
    .severity = Severity::kError,
    .peers = "IST0109 KIA1106",
    .title = "two VirtualServices give routes to one host",
    .why =
        "Sidecars take their routes for a host from one VirtualService, the oldest; they are merged only at "
        "gateways. So a retry policy in one object and a fault in another never meet: whichever was created "
        "first counts and the other does nothing, and which one that is may change when they are applied "
        "again.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: retries, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets}}]
    retries: {attempts: 2, retryOn: connect-failure}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: timeout, namespace: shop}
spec:
  hosts: [pets.shop.svc.cluster.local] # <<
  http:
  - timeout: 3s
    route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - timeout: 3s
    retries: {attempts: 2, retryOn: connect-failure}
    route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
