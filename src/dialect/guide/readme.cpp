#include "dialect/guide/guide.hpp"

/// README.md of service-mesh/. Blocks marked `bash` run on any machine, those marked `bash cluster` need the
/// cluster that kubectl points at; tests run both, so a command that does not work cannot stay.
namespace marty::dialect::guide {

const std::string_view kReadme = R"md(@MARKDOWN_HEADING@# @SERVICE@ behind a service mesh

What `@POLICY_FILE@` asks for, written down for Istio and for Linkerd: retries, circuit breaking, rate limits, mutual
TLS, who may call whom, canaries, faults on demand, and the monitoring to see all of it. Change mesh.yaml, not these
files: `generate-overlay` writes them, and `--check` in your CI says when somebody changed them by hand.

Commands start at the root of the repository, with `marty` on the PATH (`./dev build` puts it into `build/`).

## Five minutes, no cluster

```bash
marty service-mesh validate --service @SERVICE@
marty service-mesh up --service @SERVICE@ --mesh istio -- \
  curl -s http://@HOST@.@NAMESPACE@:@PORT@@PATH@
@FOLDER@/k8s/service-mesh/demo.sh istio automated
@FOLDER@/k8s/service-mesh/demo.sh linkerd automated
```

The first finds what is wrong in the manifests. The second starts the pods as processes on this machine, each behind a
sidecar that enforces these very files, and runs a client among them. The other two are the whole story under the rules
of each mesh; without `automated` they wait for Enter at each step, with `--cluster` they are told on a cluster.

Which lines decide about a request, without sending it:

```bash
marty service-mesh why GET @PATH@ --service @SERVICE@ -H '@CANARY_HEADER@'
marty service-mesh why GET @PATH@ --service @SERVICE@ --mesh linkerd
```

## On a cluster

You need a cluster that `kubectl` reaches, with Istio (@ISTIO@) or Linkerd (@LINKERD@, and for the service-profile
family its SMI extension), and the Prometheus operator's kinds for the monitoring. Both meshes' own guides say how to
install them.

```bash cluster
marty service-mesh generate-overlay --service @SERVICE@ --mesh istio --output ./overlays/istio
kubectl apply --server-side -k ./overlays/istio
```

The directory is self-contained: move it, commit it elsewhere, hand it to Argo CD or Flux. Or let marty apply the
overlay of this tree: it shows a plan, applies in an order in which nothing refers to what is not there yet, waits,
removes what it once applied and is no longer asked for, and can go back.

```bash cluster
marty service-mesh apply-policies --service @SERVICE@ --mesh istio --dry-run
marty service-mesh apply-policies --service @SERVICE@ --mesh istio --yes --force-conflicts
marty service-mesh status --service @SERVICE@ --mesh istio || true
marty service-mesh apply-policies --service @SERVICE@ --mesh istio --rollback --yes || true
```

`--force-conflicts` is here because the lines above applied the same objects with kubectl, and a field belongs to whom
wrote it first; without that they are not needed. The same for Linkerd, with `--mesh linkerd`. A service is behind one
mesh or the other: the overlays are alternatives, and a namespace that both inject is a finding of `validate`.

## What is here

```
@FOLDER@/k8s/
├── kustomization.yaml            the service without a mesh
├── base/                         Deployments, Services and accounts: the same for every mesh
├── overlays/
│   ├── service-mesh-istio/       kubectl apply -k this: namespace, patches, policies, monitoring
│   └── service-mesh-linkerd/     the same for Linkerd
└── service-mesh/
    ├── istio-policies.yaml       a link into the overlay: Kustomize reads nothing outside of its directory
    ├── linkerd-policies.yaml     likewise
    ├── monitoring.yaml           what is scraped of the service, whichever mesh
    ├── prometheus/               the alerts and recording rules as plain files, with their unit tests
    ├── dashboards/               Grafana's JSON, also provisioned as ConfigMaps by the overlays
    ├── runbook-istio.md          what to do when an alert fires; each alert leads there, and one for Linkerd
    ├── demo.sh                   the story
    └── README.md                 this guide
```

## Where each goal is met

| goal | mesh.yaml | Istio | Linkerd |
|---|---|---|---|
| circuit breaker | `connections`, `outliers` | DestinationRule | failure accrual: annotations of the Service |
| retries, timeout | `routing.retries`, `.timeout` | VirtualService | annotations of HTTPRoute or Service |
| mutual TLS | `security.mtls` | PeerAuthentication | on by itself; required by AuthorizationPolicy |
| who may call | `security.allow` | AuthorizationPolicy | AuthorizationPolicy, MeshTLSAuthentication |
| rate limit | `rateLimit` | EnvoyFilter: local_ratelimit | HTTPLocalRateLimitPolicy |
| canary, split | `routing.canary`, `routing.split` | VirtualService | HTTPRoute |
| faults on demand | `chaos` | VirtualService: fault | an error backend, where it can be said |
| network | always | NetworkPolicy | NetworkPolicy |
| monitoring | `observability` | Telemetry, PodMonitor, PrometheusRule | PodMonitor, PrometheusRule |

What a mesh cannot do as it is asked for is never left out silently:

@CAPABILITIES@
### Numbers worth knowing

- Limits of connections and ejection are kept by each calling proxy for itself; the rate limit is kept by each pod. The
  comments in the generated files do the arithmetic for this service.
- Alerts: @ALERTS@.
- Metrics: `istio_requests_total` and `istio_request_duration_milliseconds` (Istio), `request_total`, `response_total`
  and `response_latency_ms` (Linkerd); breakers are `envoy_cluster_circuit_breakers_default_cx_open` and
  `outbound_http_balancer_endpoints`.

```bash
promtool check rules @FOLDER@/k8s/service-mesh/prometheus/istio.rules.yaml
promtool check rules @FOLDER@/k8s/service-mesh/prometheus/linkerd.rules.yaml
```

## From permissive to strict

Callers that are not in the mesh yet cannot speak mutual TLS. So start with the permissive stage, see who still comes in
plaintext, move them, then require it:

```bash
marty service-mesh generate-overlay --service @SERVICE@ --mesh istio --mtls permissive --diff
marty service-mesh generate-overlay --service @SERVICE@ --mesh istio --mtls strict --diff
```

Faults (`chaos`) belong to test clusters. This is how the overlay looks without them:

```bash
marty service-mesh generate-overlay --service @SERVICE@ --mesh istio --environment production --diff
```

## Looking at a cluster

```bash cluster
kubectl get pods -n @NAMESPACE@ -o jsonpath='{.items[*].spec.containers[*].name}'
kubectl get destinationrules,virtualservices,peerauthentications,authorizationpolicies -n @NAMESPACE@
kubectl get servers,authorizationpolicies.policy.linkerd.io,httproutes.gateway.networking.k8s.io -n @NAMESPACE@
kubectl get servicemonitor,podmonitor,prometheusrule -n @NAMESPACE@
kubectl get events -n @NAMESPACE@ --sort-by .lastTimestamp
```

## When something does not work

| what you see | look here |
|---|---|
| pods without a sidecar | the namespace's label (Istio) or annotation (Linkerd); restart pods made before it |
| 403 | `why … --from NAMESPACE/ACCOUNT` names the policy that refuses |
| 503 with `UH` or `UO` | all endpoints ejected, or a limit reached: `why` and the dashboard's breaker panel |
| 429 | the rate limit of the pod that answered; other pods may have tokens left |
| connection reset, no answer | plaintext to a port that requires mutual TLS |
| a policy has no effect | `validate`, then `marty service-mesh explain RULE` for what it found |
| no metrics | `validate` compares monitors with the ports that there are |

## More

- Several clusters: `ops/service-mesh/README.md`.
- Every rule of `validate`: `docs/rules.md`.
)md";

}  // namespace marty::dialect::guide
