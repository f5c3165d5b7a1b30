#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "manifest/duration.hpp"
#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Deadlines {
  Sourced<Duration> shortest{}, longest{};
};

/// Of each host all of whose routes have a timeout.
std::map<std::string, Deadlines> deadlines(const mesh::Model& model) {
  std::map<std::string, Deadlines> out;
  for (const auto& table : model.route_tables) {
    Deadlines of;
    bool bounded = !table.routes.empty();
    for (const auto& route : table.routes) {
      if (route.direct) continue;
      bounded = bounded && route.timeout && **route.timeout > Duration{};
      if (!bounded) break;
      if (*of.shortest == Duration{} || **route.timeout < *of.shortest) of.shortest = *route.timeout;
      if (**route.timeout > *of.longest) of.longest = *route.timeout;
    }
    if (!bounded || *of.longest == Duration{}) continue;
    for (const auto& host : table.hosts) out.emplace(*host, of);
  }
  return out;
}

std::string host_of(const Resource& service) {
  return fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns);
}

void check(const Estate& estate, Report& report) {
  const auto known = deadlines(estate.model());
  if (known.size() < 2) return;
  std::multimap<const Pods*, const Resource*> behind;  // the Services of pods
  for (const auto* service : estate.of("Service"))
    if (known.contains(host_of(*service)))
      for (const auto* pods : estate.pods_of(*service)) behind.emplace(pods, service);
  std::set<std::pair<const Resource*, const Resource*>> said;
  each_call(estate, [&](const Call& call) {
    const auto inner = known.find(host_of(call.service));
    if (inner == known.end()) return;
    const auto [first, last] = behind.equal_range(&call.from);
    for (auto middle = first; middle != last; ++middle) {
      const auto& outer = known.at(host_of(*middle->second));
      if (middle->second == &call.service || *outer.longest >= *inner->second.shortest ||
          !said.insert({middle->second, &call.service}).second)
        continue;
      report
          .at(*call.from.owner, call.place,
              fmt::format("callers of '{}' give up after {}, but it waits {} for '{}' (tries included)",
                          *middle->second->name, manifest::print_duration(*outer.longest),
                          manifest::print_duration(*inner->second.shortest), *call.service.name))
          .notes = {{{outer.longest.origin, 0}, "the longest its callers wait"},
                    {{inner->second.shortest.origin, 0}, "the shortest it waits itself"},
                    {{}, "deadlines get shorter on the way in: lengthen the first or shorten the second"}};
    }
  });
}

}  // namespace

extern const Rule deadline_inversion{
    .id = "deadline-inversion",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a caller gives up before its callee's own calls do",
    .why =
        "When the timeout of a route is shorter than the timeout of a call made behind it, the caller has "
        "its 504 while the work goes on for nobody, and retries of the inner call can never help. Istio's "
        "timeout spans all tries of its route, so the two numbers can be compared.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: jobs, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - name: pets
        image: pets:1
        ports: [{containerPort: 8080}]
        env: [{name: STORE, value: "store:6000"}] # <<
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http: [{timeout: 2s, route: [{destination: {host: pets}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http: [{timeout: 10s, route: [{destination: {host: store}}]}]
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: jobs, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers:
      - name: pets
        image: pets:1
        ports: [{containerPort: 8080}]
        env: [{name: STORE, value: "store:6000"}]
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  ports: [{name: http, port: 6000}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http: [{timeout: 10s, route: [{destination: {host: pets}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http: [{timeout: 2s, route: [{destination: {host: store}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
