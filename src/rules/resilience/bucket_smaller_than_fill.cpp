#include <fmt/format.h>

#include "manifest/duration.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto& limit : estate.model().rate_limits) {
    const auto* resource = estate.find("EnvoyFilter", limit.ns, limit.name);
    const auto& bucket = limit.limit.bucket;
    if (resource == nullptr || *bucket.max_tokens >= *bucket.tokens_per_fill) continue;
    auto& finding = report.object(
        *resource,
        fmt::format("{} tokens come every {}, but the bucket holds {}: {} of them are lost, and the "
                    "limit is {} requests in {}",
                    *bucket.tokens_per_fill, manifest::print_duration(*bucket.fill_interval),
                    *bucket.max_tokens, *bucket.tokens_per_fill - *bucket.max_tokens, *bucket.max_tokens,
                    manifest::print_duration(*bucket.fill_interval)));
    finding.where = {bucket.max_tokens.origin, 0};
    finding.field = "token_bucket.max_tokens";
    finding.notes = {
        {{bucket.tokens_per_fill.origin, 0}, "what a fill brings"},
        {{}, "max_tokens is the burst: at least what a fill brings, or fill more often by less"}};
  }
}

}  // namespace

extern const Rule bucket_smaller_than_fill{
    .id = "bucket-smaller-than-fill",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a rate limit's bucket that does not hold what a fill brings",
    .why =
        "A token bucket is filled up to max_tokens, and what does not fit is gone. With fewer max_tokens "
        "than tokens_per_fill the rate one reads from tokens_per_fill and fill_interval is never reached. "
        "Small bursts at a high rate are a matter of the interval: 10 tokens every 100ms, not 100 every "
        "second.",
    .bad = R"(
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
          token_bucket:
            max_tokens: 10 # <<
            tokens_per_fill: 100
            fill_interval: 1s
          filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
)",
    .good = R"(
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
          token_bucket: {max_tokens: 10, tokens_per_fill: 10, fill_interval: 0.1s}
          filter_enabled: {default_value: {numerator: 100, denominator: HUNDRED}}
          filter_enforced: {default_value: {numerator: 100, denominator: HUNDRED}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
