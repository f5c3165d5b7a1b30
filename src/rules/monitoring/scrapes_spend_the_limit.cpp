#include <fmt/format.h>

#include <map>

#include "manifest/duration.hpp"
#include "rules/mtls.hpp"
#include "rules/rule.hpp"
#include "rules/scrapes.hpp"

namespace marty::rules::catalog {
namespace {

constexpr double kShare = 0.1;  ///< of a limit, from which on scrapes are worth a word

double scrapes_per_second(const Scrape& scrape) {
  const auto every = manifest::parse_duration(text(*scrape.endpoint, "interval"));
  return 1 / std::chrono::duration<double>(every && *every > Duration{} ? *every : Duration(30s)).count();
}

void check(const Estate& estate, Report& report) {
  const auto& limits = estate.model().rate_limits;
  if (limits.empty()) return;
  std::map<std::string_view, std::vector<const mesh::InboundRateLimit*>> by_namespace;
  for (const auto& limit : limits) by_namespace[limit.ns].push_back(&limit);
  std::set<std::pair<const Node*, const mesh::InboundRateLimit*>> said;
  each_scrape(estate, [&](const Scrape& scrape) {
    const auto there = by_namespace.find(scrape.pods->ns());
    if (there == by_namespace.end() || passed_by(*scrape.pods, scrape.port)) return;
    for (const auto* limit : there->second) {
      if ((limit->port != 0 && limit->port != scrape.port) ||
          !mesh::selects(limit->selector, scrape.pods->labels) ||
          !said.insert({scrape.endpoint, limit}).second)
        continue;
      const auto& bucket = limit->limit.bucket;
      const double allowed =
          *bucket.tokens_per_fill / std::chrono::duration<double>(*bucket.fill_interval).count();
      const double scrapes = scrapes_per_second(scrape);
      if (scrapes < kShare * allowed) continue;
      report
          .at(*scrape.monitor, *scrape.endpoint, scrape.path,
              fmt::format("{:.3g} scrapes a second of each pod go through its limit of {:.3g} requests a "
                          "second ({:.0f} %), and get 429 when it is used up",
                          scrapes, allowed, 100 * scrapes / allowed))
          .notes = {{{bucket.tokens_per_fill.origin, 0}, "the limit"},
                    {{}, "scrape the agent at 15020, or give the limit the application's port only"}};
    }
  });
}

}  // namespace

extern const Rule scrapes_spend_the_limit{
    .id = "scrapes-spend-the-limit",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a rate limit of which scrapes take a good part",
    .why =
        "A local rate limit counts every request that comes in through the sidecar, Prometheus's too. "
        "Scrapes take tokens that callers miss, and under load the scrape gets 429: the target is down, and "
        "the metrics are missing for the very minutes one wants to look at. What the agent serves at 15020 "
        "goes through no limit.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
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
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints:
  - port: http # <<
    interval: 5s
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: shop}
spec:
  priority: 10
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: pets
          token_bucket: {max_tokens: 60, tokens_per_fill: 60, fill_interval: 60s}
          filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: pets, namespace: shop, labels: {app: pets}}
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
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1, ports: [{name: http, containerPort: 8080}]}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  endpoints:
  - port: http
    interval: 30s
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: shop}
spec:
  priority: 10
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: pets
          token_bucket: {max_tokens: 60, tokens_per_fill: 60, fill_interval: 60s}
          filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
