#include <fmt/format.h>

#include "rules/calls.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// The annotation that keeps a Service to some namespaces; nullptr when it is open to this one.
const Node* kept_from(const Resource& service, std::string_view ns) {
  const Node* annotations = get(service.root, "metadata.annotations");
  const Node* scope = annotations == nullptr ? nullptr : annotations->find("networking.istio.io/exportTo");
  if (scope == nullptr || scope->text.empty()) return nullptr;
  std::string_view rest = scope->text;
  while (!rest.empty()) {
    auto one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one == "*" || one == ns || (one == "." && *service.ns == ns)) return nullptr;
  }
  return scope;
}

void check(const Estate& estate, Report& report) {
  const auto& model = estate.model();
  each_call(estate, [&](const Call& call) {
    if (!estate.istio_injected(call.from.ns(), &call.from)) return;
    const auto* scope = model.sidecar(call.from.ns(), call.from.labels, estate.settings().root_namespace);
    const auto* service = scope == nullptr ? nullptr : estate.modelled(call.service);
    const bool unknown = service != nullptr && !scope->egress.empty() && !scope->knows(*service);
    const Node* kept = kept_from(call.service, call.from.ns());
    if (!unknown && kept == nullptr) return;
    report
        .at(*call.from.owner, call.place,
            fmt::format("the sidecars of these pods do not know '{}.{}': no route, no mutual TLS to it",
                        *call.service.name, *call.service.ns))
        .notes = {unknown ? Note{{scope->egress.front().origin, 0}, "this Sidecar leaves it out"}
                          : see(*kept, "its exportTo leaves this namespace out")};
  });
}

}  // namespace

extern const Rule host_out_of_scope{
    .id = "host-out-of-scope",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "pods call a Service that their sidecars are not told about",
    .why =
        "A Sidecar's egress list and a Service's exportTo decide which hosts a sidecar gets configuration "
        "for. For the others it has neither routes nor mutual TLS: the call goes out in plaintext, or is "
        "refused under REGISTRY_ONLY.",
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
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
      - name: web
        image: web:1
        env:
        - {name: PETS, value: "http://pets:8080"} # <<
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress: [{hosts: [istio-system/*]}]
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
      containers: [{name: pets, image: "pets:1", ports: [{containerPort: 8080}]}]
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
      - name: web
        image: web:1
        env:
        - {name: PETS, value: "http://pets:8080"}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  egress: [{hosts: [./*, istio-system/*]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
