#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "rules/doors.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The pods of ingress controllers, by what they say they serve: the name of a class, or of its controller.
std::multimap<std::string, const Pods*> controllers(const Estate& estate) {
  constexpr std::string_view kFlags[] = {
      "--ingress-class=", "--controller-class=", "--ingressclass=", "--ingress.class="};
  std::multimap<std::string, const Pods*> out;
  each(estate.pods(), "containers[].args[]", [&](const Pods& pods, const Place& at) {
    for (const auto flag : kFlags)
      if (at.node.text.starts_with(flag)) out.emplace(at.node.text.substr(flag.size()), &pods);
  });
  return out;
}

std::string_view class_of(const Resource& ingress) {
  const auto said = text(ingress.root, "spec.ingressClassName");
  const Node* annotations = get(ingress.root, "metadata.annotations");
  const Node* old = annotations == nullptr ? nullptr : annotations->find("kubernetes.io/ingress.class");
  return said.empty() && old != nullptr ? std::string_view(old->text) : said;
}

/// The controller's pods for a class, of which none is in a mesh; nullptr when some is, or none is here.
const Pods* outside_the_mesh(const Estate& estate, const std::multimap<std::string, const Pods*>& known,
                             std::string_view name) {
  const auto* type = estate.find("IngressClass", "", name);
  const Pods* found = nullptr;
  for (const auto& key :
       {std::string(name), std::string(type == nullptr ? "" : text(type->root, "spec.controller"))}) {
    const auto [first, last] = known.equal_range(key);
    for (auto one = first; one != last; ++one) {
      const auto& pods = *one->second;
      if (estate.istio_injected(pods.ns(), &pods) || estate.linkerd_injected(pods.ns(), &pods))
        return nullptr;
      found = &pods;
    }
  }
  return found;
}

std::int64_t port_of(const Resource& service, const Node& backend) {
  if (const auto port = number(backend, "port.number")) return *port;
  std::int64_t out = -1;
  each(service.root, "spec.ports[]", [&](const Place& port) {
    if (text(port.node, "name") == text(backend, "port.name")) out = number(port.node, "port").value_or(-1);
  });
  return out;
}

void check_ingress(const Estate& estate, const Doors& doors, const Resource& ingress, const Pods& controller,
                   Report& report) {
  bool said = false;  // once for an Ingress: its backends are usually closed alike
  for (const Way& pattern :
       {Way("spec.defaultBackend.service"), Way("spec.rules[].http.paths[].backend.service")})
    each(ingress.root, pattern, [&](const Place& backend) {
      const auto* service = estate.find("Service", *ingress.ns, text(backend.node, "name"));
      if (said || service == nullptr) return;
      const auto closed = doors.to_strangers(*service, port_of(*service, backend.node));
      if (!closed) return;
      said = true;
      report
          .at(ingress, backend,
              fmt::format(
                  "the ingress controller '{}' has no sidecar, and '{}' {}: none of its requests gets in",
                  *controller.owner->name, *service->name, closed->how))
          .notes = {{closed->where, std::string(closed->what)},
                    see(*controller.owner, "the controller"),
                    {{}, "inject the controller's pods, or use a gateway of the mesh"}};
    });
}

void check(const Estate& estate, Report& report) {
  const auto& all = estate.of("Ingress");
  if (all.empty()) return;
  const auto known = controllers(estate);
  if (known.empty()) return;
  const Doors doors(estate);
  for (const auto* ingress : all)
    if (const auto* controller = outside_the_mesh(estate, known, class_of(*ingress)))
      check_ingress(estate, doors, *ingress, *controller, report);
}

}  // namespace

extern const Rule ingress_without_sidecar{
    .id = "ingress-without-sidecar",
    .severity = Severity::kError,
    .peers = "",
    .title = "an ingress controller outside of the mesh before pods that only let sidecars in",
    .why =
        "An ingress controller sends requests to the pods itself. Without a sidecar it has no identity, so "
        "under STRICT, or behind a Server of Linkerd's that asks for one, none of them gets through: users "
        "see 502 or 403. Reported when the controller's pods are among the files, known by the class or "
        "controller "
        "in their arguments.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: edge}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: edge}
spec:
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge}}
    spec:
      serviceAccountName: edge
      containers: [{name: controller, image: edge:1, args: [--ingress-class=edge]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: pets, namespace: shop}
spec:
  ingressClassName: edge
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service: {name: pets, port: {number: 80}} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: edge, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop}
spec:
  selector: {app: pets}
  ports: [{name: http, port: 80}]
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
      containers: [{name: pets, image: pets:1, ports: [{containerPort: 80}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: edge}
spec:
  selector: {matchLabels: {app: edge}}
  template:
    metadata: {labels: {app: edge}}
    spec:
      serviceAccountName: edge
      containers: [{name: controller, image: edge:1, args: [--ingress-class=edge]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: pets, namespace: shop}
spec:
  ingressClassName: edge
  rules:
  - http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service: {name: pets, port: {number: 80}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
