#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// How many pods a limit is multiplied by: as written, and as an autoscaler may make it.
struct Copies {
  std::uint64_t now = 0, most = 0;
};

Copies copies_of(const Estate& estate, std::string_view ns, const mesh::Labels& selector) {
  Copies copies;
  for (const auto* pods : estate.selected(ns, selector)) {
    copies.now += pods->replicas;
    copies.most += pods->most();
  }
  return copies;
}

struct Stated {
  double per_second = 0;
  const Node* where = nullptr;
};

/// "100rps", "100 requests/s", "6000 per minute" in an annotation or label that speaks of a rate.
Stated stated_rate(const Resource& resource) {
  for (const Way& list : {Way("metadata.annotations"), Way("metadata.labels")}) {
    const Node* entries = get(resource.root, list);
    for (std::size_t i = 0; entries != nullptr && entries->is_mapping() && i < entries->size(); ++i) {
      const auto& [key, value] = entries->entry(i);
      if (key.text.find("rate") == key.text.npos && key.text.find("rps") == key.text.npos) continue;
      double rate = 0;
      const char* end = value.text.data() + value.text.size();
      const auto [stop, failure] = std::from_chars(value.text.data(), end, rate);
      if (failure != std::errc{}) continue;
      const std::string_view unit(stop, static_cast<std::size_t>(end - stop));
      const auto says = [&](std::string_view word) { return unit.find(word) != unit.npos; };
      if (says("min") || says("/m") || says("rpm")) return {rate / 60, &value};
      if (says("rps") || says("sec") || says("/s") || unit.empty()) return {rate, &value};
    }
  }
  return {};
}

bool near(double a, double b) { return std::abs(a - b) <= 0.1 * std::max(a, b); }

void check(const Estate& estate, Report& report) {
  for (const auto& limit : estate.model().rate_limits) {
    const auto* resource = estate.find("EnvoyFilter", limit.ns, limit.name);
    const auto copies = copies_of(estate, limit.ns, limit.selector);
    const auto& bucket = limit.limit.bucket;
    if (resource == nullptr || copies.now == 0) continue;
    const double seconds = std::chrono::duration<double>(*bucket.fill_interval).count();
    const double each_pod = *bucket.tokens_per_fill / seconds;
    const double now = each_pod * static_cast<double>(copies.now);
    const double most = each_pod * static_cast<double>(copies.most);
    auto sum = fmt::format("{} tokens / {:g}s = {:.3g}/s for each pod, x {} pod(s) = {:.3g}/s",
                           *bucket.tokens_per_fill, seconds, each_pod, copies.now, now);
    if (copies.most > copies.now) sum += fmt::format(", scaled out to {} {:.3g}/s", copies.most, most);
    const auto stated = stated_rate(*resource);
    const bool told = stated.where != nullptr;
    if (copies.most == 1 && !told) continue;
    const bool kept = !told || near(stated.per_second, each_pod) ||
                      (stated.per_second >= now * 0.9 && stated.per_second <= most * 1.1);
    if (told && kept) continue;
    Diagnostic& finding = report.object(
        *resource, told ? fmt::format("{}, and not the {:.3g}/s it speaks of", sum, stated.per_second) : sum);
    finding.where = {bucket.tokens_per_fill.origin, 0};
    finding.field = "token_bucket.tokens_per_fill";
    if (told) {
      finding.severity = Severity::kWarning;
      finding.notes.push_back(see(*stated.where, "the rate it speaks of"));
    }
    finding.notes.push_back(
        {{}, "a local limit counts in each pod by itself; one for all pods needs a global limit"});
  }
}

}  // namespace

extern const Rule rate_limit_per_pod{
    .id = "rate-limit-per-pod",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "what a local rate limit comes to over all pods",
    .why =
        "A local rate limit is a bucket in each pod: what the Service takes in all is that times the number "
        "of pods, and grows when an autoscaler adds some. And a bucket is filled per fill_interval, so 100 "
        "tokens every 60s are 1.7 requests a second after the first burst. Where an annotation states a "
        "rate that is neither one pod's nor all pods', this is a warning.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: pets
  namespace: shop
  annotations: {shop.example.com/rate: 100 requests/s}
spec:
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: INSERT_FIRST
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: http_local_rate_limiter
          token_bucket:
            max_tokens: 100
            tokens_per_fill: 100 # <<
            fill_interval: 60s
          filter_enabled: {runtime_key: limited, default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {runtime_key: enforced, default_value: {numerator: 100, denominator: HUNDRED}}
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: pets
  namespace: shop
  annotations: {shop.example.com/rate: 99 requests/s}
spec:
  workloadSelector: {labels: {app: pets}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager}}}
    patch:
      operation: INSERT_FIRST
      value:
        name: envoy.filters.http.local_ratelimit
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit
          stat_prefix: http_local_rate_limiter
          token_bucket: {max_tokens: 33, tokens_per_fill: 33, fill_interval: 1s}
          filter_enabled: {runtime_key: limited, default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {runtime_key: enforced, default_value: {numerator: 100, denominator: HUNDRED}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
