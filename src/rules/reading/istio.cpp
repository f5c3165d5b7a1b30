#include "rules/rule.hpp"

/// What the readers of Istio's kinds say.
namespace marty::rules::catalog {

extern const Rule route_action{
    .id = "route-action",
    .severity = Severity::kError,
    .peers = "VAL",
    .title = "a route does nothing, or several things",
    .why =
        "Each HTTP route does one thing: sends requests to destinations, redirects, answers by "
        "itself, or delegates. The webhook refuses a route with none of them, and with more than "
        "one nobody could say which is meant.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  http:
  - name: all # <<
    timeout: 3s
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  http:
  - name: all
    timeout: 3s
    route: [{destination: {host: pets.example.com}}]
)",
};

extern const Rule weights_zero{
    .id = "weights-zero",
    .severity = Severity::kError,
    .peers = "VAL",
    .title = "the weights of a route add up to nothing",
    .why =
        "With every weight 0 there is no destination to draw: Envoy refuses the configuration, and "
        "Linkerd gives every pod of the service requests as if there were no split. Give at least "
        "one destination a weight.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  http:
  - route: # <<
    - {destination: {host: a.example.com}, weight: 0}
    - {destination: {host: b.example.com}, weight: 0}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets.example.com]
  http:
  - route:
    - {destination: {host: a.example.com}, weight: 90}
    - {destination: {host: b.example.com}, weight: 10}
)",
};

extern const Rule fault_without_percentage{
    .id = "fault-without-percentage",
    .severity = Severity::kWarning,
    .title = "a fault that meets no request",
    .why =
        "A delay or abort without percentage applies to 0 % of the requests, so the test it was "
        "written for proves nothing. Write how many are meant, such as percentage: {value: 10}.",
};

extern const Rule fault_without_status{
    .id = "fault-without-status",
    .severity = Severity::kWarning,
    .title = "an abort that says no status",
    .why =
        "Without httpStatus Istio has nothing to answer with, so no request is aborted. Say the "
        "status that a failing service would give, such as 503.",
};

extern const Rule zero_means_unset{
    .id = "zero-means-unset",
    .severity = Severity::kWarning,
    .title = "a zero that is read as not written",
    .why =
        "Numbers of this field cannot say 0: Istio takes it for absent and uses the default, here "
        "10 percent. To take nobody out, leave outlierDetection away.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      maxEjectionPercent: 0 # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  trafficPolicy:
    outlierDetection:
      consecutive5xxErrors: 5
      maxEjectionPercent: 50
)",
};

extern const Rule duplicate_subset{
    .id = "duplicate-subset",
    .severity = Severity::kError,
    .peers = "VAL",
    .title = "a subset is defined twice",
    .why = "Routes name subsets, so a name must mean one set of pods. The webhook refuses the rule.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v1, labels: {version: v2}} # <<
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets.example.com
  subsets:
  - {name: v1, labels: {version: v1}}
  - {name: v2, labels: {version: v2}}
)",
};

extern const Rule unknown_subset{
    .id = "unknown-subset",
    .severity = Severity::kError,
    .peers = "KIA1107 X",
    .title = "a route goes to a subset nobody defines",
    .why =
        "Without a DestinationRule that defines it the subset has no cluster in Envoy, and requests "
        "get 503 at once. Define it for the same host, or leave the subset away.",
    .bad = R"(
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
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers: [{name: app, image: "pets:1", ports: [{name: http, containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets, subset: v2}}] # <<
)",
    .good = R"(
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
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers: [{name: app, image: "pets:1", ports: [{name: http, containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets: [{name: v1, labels: {version: v1}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets, subset: v1}}]
)",
};

extern const Rule empty_subset{
    .id = "empty-subset",
    .severity = Severity::kWarning,
    .peers = "IST0173 KIA0203",
    .title = "a subset has no pods",
    .why =
        "No pod behind the host has the labels of the subset, so requests sent there get 503. "
        "Compare the labels with those of the pod template.",
    .bad = R"(
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
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers: [{name: app, image: "pets:1", ports: [{name: http, containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets: [{name: v2, labels: {version: v2}}] # <<
)",
    .good = R"(
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
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers: [{name: app, image: "pets:1", ports: [{name: http, containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: pets, namespace: shop}
spec:
  host: pets
  subsets: [{name: v1, labels: {version: v1}}]
)",
};

extern const Rule unknown_host{
    .id = "unknown-host",
    .severity = Severity::kError,
    .peers = "IST0101 IST0174 KIA1101 KIA0202",
    .title = "a host that is no service",
    .why =
        "Neither a Service nor a ServiceEntry has this name, in the namespace that a short name is "
        "completed with. Requests get 503, or go past the rule. Names of other namespaces are "
        "written in full: name.namespace.svc.cluster.local.",
    .bad = R"(
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
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers: [{name: app, image: "pets:1", ports: [{name: http, containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: petz}}] # <<
)",
    .good = R"(
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
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers: [{name: app, image: "pets:1", ports: [{name: http, containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: pets, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets}}]
)",
};

extern const Rule envoy_type{
    .id = "envoy-type",
    .severity = Severity::kError,
    .title = "a filter whose type nobody can tell",
    .why =
        "Envoy takes filters by the type in @type; where it is missing or no known filter, the "
        "whole listener is rejected, and with it all traffic of the pod after its next start. Write "
        "the type URL as the Envoy documentation has it.",
};

extern const Rule rate_limit_off{
    .id = "rate-limit-off",
    .severity = Severity::kWarning,
    .title = "a rate limit that limits nothing",
    .why =
        "Envoy's local rate limit looks at the share of requests that filter_enabled says, and "
        "refuses the share that filter_enforced says; both are 0 % unless written. Write both with "
        "a default_value of 100 percent.",
};

extern const Rule not_supported{
    .id = "not-supported",
    .severity = Severity::kError,
    .title = "a field that the mesh itself refuses",
    .why =
        "The field is part of the API and its own validation refuses it nonetheless: Istio's of "
        "exponential delays and of http2Error, Linkerd's of what is said in the finding. Use what "
        "the finding names instead.",
};

extern const Rule not_enforced{
    .id = "not-enforced",
    .severity = Severity::kInfo,
    .title = "in force in a cluster, but not in the local mesh",
    .why =
        "marty's local mesh does not carry this out, and says so rather than seeming to. In a "
        "cluster it has its effect. validate leaves this out; up, why and demo say it.",
};

extern const Rule no_mesh_config{
    .id = "no-mesh-config",
    .severity = Severity::kError,
    .title = "a file that holds no MeshConfig",
    .why =
        "--mesh-config takes a MeshConfig, a ConfigMap that holds one under the key mesh, or an "
        "IstioOperator. "
        "kubectl get configmap istio -n istio-system -o yaml prints the one in force.",
};

}  // namespace marty::rules::catalog
