#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Headers that a client writes by itself, or that tracing passes on.
constexpr std::string_view kByThemselves[] = {"content-type", "user-agent", "accept",     "host",
                                              "x-request-id", "baggage",    "traceparent"};

/// A request header that decides which route a call between pods takes.
struct Asked {
  const Resource* resource;
  const Node* key;
  std::string path;
};

std::multimap<const Resource*, Asked> asked_headers(const Estate& estate) {
  std::multimap<const Resource*, Asked> out;
  for (const auto* resource : estate.of("VirtualService")) {
    if (get(resource->root, "spec.gateways") != nullptr) continue;  // the header may come from outside
    each(resource->root, "spec.hosts[]", [&](const Place& host) {
      const auto* service = estate.service(host.node.text, *resource->ns);
      if (service == nullptr) return;
      each(resource->root, "spec.http[].match[].headers", [&](const Place& headers) {
        for (std::size_t i = 0; headers.node.is_mapping() && i < headers.node.size(); ++i) {
          const auto& key = headers.node.entry(i).key;
          if (std::ranges::count(kByThemselves, key.text) == 0)
            out.emplace(service, Asked{resource, &key, headers.path + "." + key.text});
        }
      });
    });
  }
  return out;
}

void check(const Estate& estate, Report& report) {
  if (!any(estate.of("VirtualService"), {"spec.http[].match[].headers"})) return;
  auto asked = asked_headers(estate);
  if (asked.empty()) return;
  std::map<const Pods*, const Resource*> behind;  // pods in the middle of a chain are behind a Service
  for (const auto* service : estate.of("Service"))
    for (const auto* pods : estate.pods_of(*service)) behind.emplace(pods, service);
  each_call(estate, [&](const Call& call) {
    const auto middle = behind.find(&call.from);
    const auto [first, last] = asked.equal_range(&call.service);
    if (middle == behind.end() || middle->second == &call.service || first == last) return;
    for (auto one = first; one != last; ++one)
      report
          .at(*one->second.resource, *one->second.key, one->second.path,
              fmt::format(
                  "'{}' calls '{}' here: this route is taken only if its application copies '{}' from "
                  "the call it serves",
                  *call.from.owner->name, *call.service.name, one->second.key->text))
          .notes = {see(call.place.node, "the call"),
                    {{}, "no sidecar passes headers on from one call to the next"}};
    asked.erase(first, last);  // one finding for a header
  });
}

}  // namespace

extern const Rule header_needs_forwarding{
    .id = "header-needs-forwarding",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a route by a header that an application in between has to pass on",
    .why =
        "A header that marks a request, for a canary or a test, is on the call that came in. The calls which "
        "the application makes in turn are new requests to its sidecar: unless its code copies the header, "
        "they take the other route, and half of the chain is tested. Whether it does is not in the files; "
        "trace headers and baggage are passed on by tracing libraries.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: web:1, ports: [{containerPort: 8080}],
         env: [{name: PETS, value: "http://pets:8080"}]}
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
  hosts: [pets]
  http:
  - match:
    - headers:
        x-canary: {exact: "yes"} # <<
    timeout: 2s
    route: [{destination: {host: pets}}]
  - route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: web:1, ports: [{containerPort: 8080}],
         env: [{name: PETS, value: "http://pets:8080"}]}
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
  hosts: [pets]
  http:
  - match:
    - headers:
        baggage: {regex: ".*canary=yes.*"}
    timeout: 2s
    route: [{destination: {host: pets}}]
  - route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
