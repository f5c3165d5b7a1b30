#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "manifest/duration.hpp"
#include "rules/rate_bucket.hpp"
#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

std::optional<Sourced<std::uint32_t>> per_second(const engine::Program& inbound) {
  if (!inbound.client_limit) return std::nullopt;
  return inbound.client_limit->total ? inbound.client_limit->total : inbound.client_limit->identity;
}

/// HTTPLocalRateLimitPolicy came with Linkerd 2.17.
bool linkerd_has_limits(const Settings& settings) {
  const std::string_view version = settings.linkerd_version;
  int minor = 0;
  if (version.starts_with("2.")) std::from_chars(version.data() + 2, version.data() + version.size(), minor);
  return minor == 0 || minor >= 17;
}

/// A limit of single seconds can stand for a bucket when it lies between what the bucket refills in a second
/// and the most that it ever lets through in one; where in between is a matter of taste.
void look(const TwinPort& port, const engine::Program& istio, const engine::Program& linkerd,
          Report& report) {
  const auto bucket = rate_bucket(istio);
  const auto limit = per_second(linkerd);
  if (!bucket && linkerd.client_limit && !limit) return;  // overrides alone
  if (bucket && !limit && !linkerd_has_limits(port.twins.linkerd.estate.settings())) return;
  if (bucket.has_value() != limit.has_value()) {
    report_between(report, port, bucket ? bucket->origin : Origin{}, limit ? limit->origin : Origin{},
                   bucket ? fmt::format("each pod of {} takes {} under Istio, and any number under Linkerd",
                                        port.name, bucket->text)
                          : fmt::format("each pod of {} takes {} requests per second under Linkerd, and any "
                                        "number under Istio",
                                        port.name, **limit));
    return;
  }
  if (!bucket) return;
  const double most = bucket->burst + bucket->per_second;
  if (**limit >= bucket->per_second && **limit <= most) return;
  report_between(
      report, port, bucket->origin, limit->origin,
      fmt::format("each pod of {} takes {} requests per second under Linkerd; under Istio {}: {}", port.name,
                  **limit, bucket->text,
                  **limit > most ? fmt::format("never more than {} in a second", std::floor(most))
                                 : fmt::format("{:.3g} in every second, on and on", bucket->per_second)))
      .notes.push_back(
          {{},
           fmt::format("anything from {} to {} per second is within what the bucket lets through",
                       std::max(1.0, std::ceil(bucket->per_second)), std::floor(most))});
}

void look(const TwinPort& port, Report& report) {
  bool first = true;  // a limit is of a port: the first of the pods behind it speaks for all
  each_door(port, [&](const TwinDoor& door) {
    if (std::exchange(first, false)) look(port, *door.istio, *door.linkerd, report);
  });
}

void compare(const Comparison& comparison, Report& report) {
  each_port(comparison, [&](const TwinPort& port) { look(port, report); });
}

}  // namespace

extern const Rule meshes_differ_in_rate_limit{
    .id = "meshes-differ-in-rate-limit",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a port takes another number of requests under one mesh than under the other",
    .why =
        "Envoy's local limit is a bucket (so many at once, so many more in an interval), Linkerd's counts "
        "single seconds; both are each pod's own. The same numbers cannot be written in both, but a limit of "
        "Linkerd's that lies between what the bucket refills in a second and the most it lets through in one "
        "keeps the promise: no second gets more than the bucket could give, and no steady load that the "
        "bucket lets through is refused. Outside of that, or where only one overlay limits the port at all, "
        "the service is protected by one mesh alone or refuses callers in one mesh alone.",
    .bad = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: shop}
spec:
  workloadSelector: {labels: {app: web}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        portNumber: 80
        filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/udpa.type.v1.TypedStruct
          type_url: type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          value:
            stat_prefix: http_local_rate_limiter
            token_bucket: {max_tokens: 100, tokens_per_fill: 100, fill_interval: 10s}
            filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
            filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  port: 80
  proxyProtocol: HTTP/1
  accessPolicy: all-unauthenticated
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: web}
  total: {requestsPerSecond: 500} # <<
)",
    .good = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: shop}
spec:
  workloadSelector: {labels: {app: web}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        portNumber: 80
        filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/udpa.type.v1.TypedStruct
          type_url: type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          value:
            stat_prefix: http_local_rate_limiter
            token_bucket: {max_tokens: 100, tokens_per_fill: 100, fill_interval: 10s}
            filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
            filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]
---
apiVersion: policy.linkerd.io/v1beta3
kind: Server
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  port: 80
  proxyProtocol: HTTP/1
  accessPolicy: all-unauthenticated
---
apiVersion: policy.linkerd.io/v1alpha1
kind: HTTPLocalRateLimitPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRef: {group: policy.linkerd.io, kind: Server, name: web}
  total: {requestsPerSecond: 50}
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
