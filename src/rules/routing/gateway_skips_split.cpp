#include <fmt/format.h>

#include <map>

#include "dialect/names.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Bound {
  bool sidecars = false, gateways = false;
};

Bound bound_to(const Resource& resource) {
  const Node* gateways = get(resource.root, "spec.gateways");
  if (gateways == nullptr || gateways->size() == 0) return {true, false};
  Bound bound;
  for (const auto& gateway : gateways->children)
    (gateway.text == "mesh" ? bound.sidecars : bound.gateways) = true;
  return bound;
}

/// By host, the first subset that routes of the mesh only send to.
std::map<std::string, const Node*> subsets_inside(const Estate& estate) {
  std::map<std::string, const Node*> out;
  for (const auto* resource : estate.of("VirtualService")) {
    const auto bound = bound_to(*resource);
    if (!bound.sidecars || bound.gateways) continue;
    each(resource->root, "spec.http[].route[].destination", [&](const Place& to) {
      if (const Node* subset = to.node.find("subset"))
        out.try_emplace(dialect::fqdn(text(to.node, "host"), *resource->ns), subset);
    });
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  if (!any(estate.of("VirtualService"), {"spec.gateways[]"})) return;
  const auto inside = subsets_inside(estate);
  if (inside.empty()) return;
  for (const auto* resource : estate.of("VirtualService")) {
    if (!bound_to(*resource).gateways) continue;
    each(resource->root, "spec.http[].route[].destination", [&](const Place& to) {
      const Node* host = to.node.find("host");
      if (host == nullptr || to.node.find("subset") != nullptr) return;
      const auto name = dialect::fqdn(host->text, *resource->ns);
      const auto known = inside.find(name);
      if (known == inside.end()) return;
      report
          .at(*resource, *host, to.path + ".host",
              fmt::format(
                  "the gateway sends to every pod of {}: the versions that sidecars choose between do "
                  "not count here",
                  name))
          .notes = {see(*known->second, "routes of the mesh only"),
                    {{}, "name the subsets and weights in this route, too"}};
    });
  }
}

}  // namespace

extern const Rule gateway_skips_split{
    .id = "gateway-skips-split",
    .severity = Severity::kWarning,
    .peers = "IST0140",
    .title = "traffic from a gateway passes by the versions that the mesh chooses between",
    .why =
        "A gateway applies the VirtualServices bound to it and no others: routes of 'mesh' are for sidecars, "
        "and the gateway has already chosen a pod when the request leaves it. A canary that has 5% inside "
        "the mesh then gets its full share of what comes from outside.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route:
    - {destination: {host: pets, subset: v1}, weight: 95}
    - {destination: {host: pets, subset: v2}, weight: 5}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shop}
spec:
  hosts: [pets.example.com]
  gateways: [edge/front]
  http:
  - route:
    - destination: {host: pets, port: {number: 80}} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets, pets.example.com]
  gateways: [mesh, edge/front]
  http:
  - route:
    - {destination: {host: pets, subset: v1}, weight: 95}
    - {destination: {host: pets, subset: v2}, weight: 5}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
