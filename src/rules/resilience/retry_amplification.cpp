#include <fmt/format.h>

#include <set>

#include "rules/retries.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// One call of the outermost caller should not become more tries than this at the innermost server.
constexpr std::uint64_t kTriesMax = 32;

/// A chain as it is told: who calls whom, the factors, and where each was written.
struct Told {
  std::string names, factors;
  std::vector<Note> notes;
};

Told follow(CallChains& chains, const Resource& entry) {
  const bool gateway = *entry.kind == "VirtualService";
  Told told{gateway ? std::string("a gateway") : *entry.name, "", {}};
  std::set<const Resource*> seen;
  const auto* from = &entry;
  for (const auto* hop = chains.below(entry).next; hop != nullptr && seen.insert(hop).second;
       from = hop, hop = chains.below(*hop).next) {
    const auto& tries = chains.of(*from, *hop);
    told.names += " → " + *hop->name;
    told.factors += fmt::format("{}{}", told.factors.empty() ? "" : " × ", tries.count);
    if (tries.origin.known() || tries.count == 1)
      told.notes.push_back({{tries.origin, 1}, fmt::format("{} tries of '{}'", tries.count, *hop->name)});
    else
      told.notes.push_back(
          {{}, fmt::format("{} tries of '{}': Istio's default, written nowhere", tries.count, *hop->name)});
  }
  return told;
}

void tell(CallChains& chains, const Resource& entry, Report& report) {
  auto told = follow(chains, entry);
  const auto& worst = chains.below(entry);
  const auto where = chains.of(entry, *worst.next).origin;
  const bool gateway = *entry.kind == "VirtualService";
  auto& finding = report.object(gateway ? entry : *worst.next,
                                fmt::format("{}: one call can become {} = {} tries at the end of the chain",
                                            told.names, told.factors, worst.product));
  if (where.known()) finding.where = {where, 1};
  finding.notes = std::move(told.notes);
  finding.notes.push_back({{}, "retry at one place of a chain, best next to the server that fails"});
}

void check(const Estate& estate, Report& report) {
  CallChains chains(estate);
  std::set<const Resource*> said;  // by the first hop
  for (const auto* entry : chains.entries()) {
    const auto worst = chains.below(*entry);
    if (worst.product > kTriesMax && said.insert(worst.next).second) tell(chains, *entry, report);
  }
}

}  // namespace

extern const Rule retry_amplification{
    .id = "retry-amplification",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "retries along a chain of calls multiply",
    .why =
        "Each hop that retries on errors repeats all the tries of the hops behind it: three hops with four "
        "retries each turn one request into 125 at the last server, in the moment when it is overloaded. A "
        "route that does not speak of retries has Istio's default of two. The chain is read from the "
        "routes of gateways, which retry as well, and from the addresses in the pods' environment; a hop "
        "counts when it retries on answers (5xx, gateway-error), not only on connections that fail. Linkerd "
        "retries only where annotations ask "
        "for it, and multiplies then just the same.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
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
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://pets:8080"}]}
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
      - {name: pets, image: "pets:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://store:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers:
      - {name: store, image: "store:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://disk:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: disk, namespace: shop}
spec:
  selector: {app: disk}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: disk, namespace: shop}
spec:
  selector: {matchLabels: {app: disk}}
  template:
    metadata: {labels: {app: disk}}
    spec: {containers: [{name: disk, image: "disk:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: pets}}]
    retries: {attempts: 4, retryOn: 5xx} # <<
  - route: [{destination: {host: pets}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: store}}]
    retries: {attempts: 4, retryOn: 5xx}
  - route: [{destination: {host: store}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: disk, namespace: shop}
spec:
  hosts: [disk]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: disk}}]
    retries: {attempts: 2, retryOn: 5xx}
  - route: [{destination: {host: disk}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: edge, namespace: shop}
spec:
  hosts: [store.example.com]
  gateways: [edge]
  http:
  - route: [{destination: {host: store}}]
    retries: {attempts: 10, retryOn: gateway-error} # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
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
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://pets:8080"}]}
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
      - {name: pets, image: "pets:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://store:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: store, namespace: shop}
spec:
  selector: {app: store}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: store, namespace: shop}
spec:
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      containers:
      - {name: store, image: "store:1", ports: [{containerPort: 8080}],
         env: [{name: NEXT, value: "http://disk:8080"}]}
---
apiVersion: v1
kind: Service
metadata: {name: disk, namespace: shop}
spec:
  selector: {app: disk}
  ports: [{name: http, port: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: disk, namespace: shop}
spec:
  selector: {matchLabels: {app: disk}}
  template:
    metadata: {labels: {app: disk}}
    spec: {containers: [{name: disk, image: "disk:1", ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: pets}}]
    retries: {attempts: 2, retryOn: 5xx}
  - route: [{destination: {host: pets}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: store, namespace: shop}
spec:
  hosts: [store]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: store}}]
    retries: {attempts: 0}
  - route: [{destination: {host: store}}]
    retries: {attempts: 0}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: disk, namespace: shop}
spec:
  hosts: [disk]
  http:
  - match: [{method: {exact: GET}}]
    route: [{destination: {host: disk}}]
    retries: {attempts: 2, retryOn: 5xx}
  - route: [{destination: {host: disk}}]
    retries: {attempts: 0}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
