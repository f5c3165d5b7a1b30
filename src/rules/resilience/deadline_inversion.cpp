#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "dialect/names.hpp"
#include "manifest/duration.hpp"
#include "rules/calls.hpp"
#include "rules/retries.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Deadlines {
  Sourced<Duration> shortest{}, longest{};
};

/// How long a caller waits on this route, tries included; of Linkerd's a Service may say it for all routes.
std::optional<Sourced<Duration>> whole_timeout(const mesh::Route& route, const mesh::Service* service) {
  if (route.timeout) return route.timeout;
  return route.timeouts.any() || service == nullptr ? route.timeouts.request
                                                    : service->callers.timeouts.request;
}

/// Nothing where some route has no bound.
std::optional<Deadlines> deadlines_of(const mesh::RouteTable& table, const mesh::Service* service) {
  Deadlines of;
  for (const auto& route : table.routes) {
    if (route.direct) continue;
    const auto timeout = whole_timeout(route, service);
    if (!timeout || **timeout <= Duration{}) return std::nullopt;
    if (*of.shortest == Duration{} || **timeout < *of.shortest) of.shortest = *timeout;
    if (**timeout > *of.longest) of.longest = *timeout;
  }
  return *of.longest == Duration{} ? std::nullopt : std::optional(of);
}

/// Of each host all of whose routes have a timeout.
std::map<std::string, Deadlines> deadlines(const Estate& estate) {
  std::map<std::string, std::optional<Deadlines>> known;
  for (const auto& table : estate.model().route_tables)
    for (const auto& host : table.hosts) known.emplace(*host, deadlines_of(table, estate.modelled(*host)));
  for (const auto& service : estate.model().services)
    if (const auto& timeout = service.callers.timeouts.request; timeout && **timeout > Duration{})
      known.emplace(service.fqdn(), Deadlines{*timeout, *timeout});
  std::map<std::string, Deadlines> out;
  for (const auto& [host, of] : known)
    if (of) out.emplace(host, *of);
  return out;
}

std::string host_of(const Resource& service) {
  return fmt::format("{}.{}.svc.cluster.local", *service.name, *service.ns);
}

using Patience = std::map<std::string, Sourced<Duration>>;

/// How long gateways wait for each host at the longest; those that some route waits for without end are left
/// out. The model knows nothing of gateways.
Patience of_gateways(const Estate& estate) {
  std::map<std::string, std::optional<Sourced<Duration>>> found;
  for (const auto* resource : estate.of("VirtualService")) {
    if (!is_for_gateways(*resource)) continue;
    each(resource->root, "spec.http[]", [&](const Place& route) {
      const Node* written = route.node.find("timeout");
      const auto timeout = written == nullptr ? std::nullopt : manifest::parse_duration(written->text);
      each(route.node, "route[].destination.host", [&](const Place& host) {
        auto& longest = found.try_emplace(dialect::fqdn(host.node.text, *resource->ns), Sourced<Duration>{})
                            .first->second;
        if (!timeout || *timeout <= Duration{})
          longest.reset();
        else if (longest && *timeout > **longest)
          longest = Sourced{*timeout, written->range().begin};
      });
    });
  }
  Patience out;
  for (const auto& [host, longest] : found)
    if (longest) out.emplace(host, *longest);
  return out;
}

/// How long the callers of each host wait, those in the mesh or a gateway: who waits less.
Patience of_callers(const Estate& estate, const std::map<std::string, Deadlines>& in_mesh) {
  auto out = of_gateways(estate);
  for (const auto& [host, of] : in_mesh) {
    auto& least = out.try_emplace(host, of.longest).first->second;
    if (*of.longest < *least) least = of.longest;
  }
  return out;
}

void tell(const Call& call, const Resource& middle, const Sourced<Duration>& outer,
          const Sourced<Duration>& inner, Report& report) {
  report
      .at(*call.from.owner, call.place,
          fmt::format("callers of '{}' give up after {}, but it waits {} for '{}' (tries included)",
                      *middle.name, manifest::print_duration(*outer), manifest::print_duration(*inner),
                      *call.service.name))
      .notes = {{{outer.origin, 0}, "the longest its callers wait"},
                {{inner.origin, 0}, "the shortest it waits itself"},
                {{}, "deadlines get shorter on the way in: lengthen the first or shorten the second"}};
}

void check(const Estate& estate, Report& report) {
  bool calls = false;
  each_call(estate, [&](const Call&) { calls = true; });
  if (!calls) return;
  const auto known = deadlines(estate);
  if (known.empty()) return;
  const auto patience = of_callers(estate, known);
  std::multimap<const Pods*, const Resource*> behind;  // the Services of pods
  for (const auto* service : estate.of("Service"))
    if (patience.contains(host_of(*service)))
      for (const auto* pods : estate.pods_of(*service)) behind.emplace(pods, service);
  std::set<std::pair<const Resource*, const Resource*>> said;
  each_call(estate, [&](const Call& call) {
    const auto inner = known.find(host_of(call.service));
    if (inner == known.end()) return;
    const auto [first, last] = behind.equal_range(&call.from);
    for (auto middle = first; middle != last; ++middle) {
      const auto& outer = patience.at(host_of(*middle->second));
      if (middle->second != &call.service && *outer < *inner->second.shortest &&
          said.insert({middle->second, &call.service}).second)
        tell(call, *middle->second, outer, inner->second.shortest, report);
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
        "timeout, and Linkerd's timeout.linkerd.io/request, span all tries, so the two can be compared.",
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
---
apiVersion: v1
kind: Service
metadata: {name: toys, namespace: shop}
spec:
  selector: {app: toys}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: toys, namespace: shop}
spec:
  selector: {matchLabels: {app: toys}}
  template:
    metadata: {labels: {app: toys}}
    spec:
      serviceAccountName: web
      containers:
      - name: toys
        image: toys:1
        ports: [{containerPort: 8080}]
        env: [{name: STORE, value: "store:6000"}] # <<
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [toys.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: toys, namespace: shop}
spec:
  hosts: [toys.example.com]
  gateways: [edge]
  http: [{timeout: 3s, route: [{destination: {host: toys}}]}]
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
---
apiVersion: v1
kind: Service
metadata: {name: toys, namespace: shop}
spec:
  selector: {app: toys}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: toys, namespace: shop}
spec:
  selector: {matchLabels: {app: toys}}
  template:
    metadata: {labels: {app: toys}}
    spec:
      serviceAccountName: web
      containers:
      - name: toys
        image: toys:1
        ports: [{containerPort: 8080}]
        env: [{name: STORE, value: "store:6000"}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {istio: edge}
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [toys.example.com]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: toys, namespace: shop}
spec:
  hosts: [toys.example.com]
  gateways: [edge]
  http: [{timeout: 12s, route: [{destination: {host: toys}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
