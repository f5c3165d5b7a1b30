#include <fmt/format.h>

#include <map>
#include <optional>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Field {
  std::string_view kind;
  Way way;
};
constexpr Field kHosts[] = {{"VirtualService", "spec.hosts[]"},
                            {"VirtualService", "spec.http[].route[].destination.host"},
                            {"VirtualService", "spec.http[].mirror.host"},
                            {"VirtualService", "spec.tcp[].route[].destination.host"},
                            {"DestinationRule", "spec.host"}};

/// The namespaces with a Service, by its name.
using Spaces = std::multimap<std::string_view, std::string_view>;

Spaces spaces_of(const Estate& estate) {
  Spaces out;
  for (const auto* service : estate.of("Service")) out.emplace(*service->name, *service->ns);
  return out;
}

void check(const Estate& estate, Report& report) {
  std::optional<Spaces> spaces;
  for (const auto& [kind, way] : kHosts) {
    each(estate.of(kind), way, [&](const Resource* resource, const Place& host) {
      // Where the namespace's own Services are known, a host that is missing there is reported as such.
      const std::string_view name = host.node.text;
      if (estate.has_services(*resource->ns) || name.find_first_of(".*") != name.npos) return;
      if (!spaces) spaces = spaces_of(estate);
      if (spaces->count(name) != 1) return;
      const auto meant = spaces->find(name)->second;
      auto& finding = report.at(
          *resource, host,
          fmt::format("'{}' is {}.{}.svc.cluster.local here, and the Service '{}' is in namespace '{}'", name,
                      name, *resource->ns, name, meant));
      finding.notes = {see(*estate.find("Service", meant, name), "the Service"),
                       {{}, fmt::format("write {}.{}.svc.cluster.local", name, meant)}};
    });
  }
}

}  // namespace

extern const Rule short_host_elsewhere{
    .id = "short-host-elsewhere",
    .severity = Severity::kWarning,
    .peers = "IST0101",
    .title = "a short host name read in another namespace than its Service's",
    .why =
        "Istio completes a name without dots with the namespace of the object that holds it, not of the "
        "Service. Beside the Service that is the same; from a namespace for configuration it is a host that "
        "does not exist, and the rule does nothing. Names in full mean the same everywhere.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports: [{name: http, port: 8080}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: mesh-policies}
spec:
  host: pets # <<
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 50}}}
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  ports: [{name: http, port: 8080}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: mesh-policies}
spec:
  host: pets.shop.svc.cluster.local
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 50}}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
