#include <fmt/format.h>

#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Names that Envoy has dropped, and what they are now.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kRenamed{
    {{"envoy.router", "envoy.filters.http.router"},
     {"envoy.cors", "envoy.filters.http.cors"},
     {"envoy.fault", "envoy.filters.http.fault"},
     {"envoy.lua", "envoy.filters.http.lua"},
     {"envoy.buffer", "envoy.filters.http.buffer"},
     {"envoy.ext_authz", "envoy.filters.http.ext_authz"},
     {"envoy.rate_limit", "envoy.filters.http.ratelimit"},
     {"envoy.grpc_web", "envoy.filters.http.grpc_web"},
     {"envoy.health_check", "envoy.filters.http.health_check"},
     {"envoy.ip_tagging", "envoy.filters.http.ip_tagging"},
     {"envoy.http_connection_manager", "envoy.filters.network.http_connection_manager"},
     {"envoy.tcp_proxy", "envoy.filters.network.tcp_proxy"},
     {"envoy.mongo_proxy", "envoy.filters.network.mongo_proxy"},
     {"envoy.redis_proxy", "envoy.filters.network.redis_proxy"}}};

void check(const Estate& estate, Report& report) {
  each(estate.of("EnvoyFilter"),
       {"spec.configPatches[].match.listener.filterChain.filter.name",
        "spec.configPatches[].match.listener.filterChain.filter.subFilter.name",
        "spec.configPatches[].patch.value.name"},
       [&](const Resource* resource, const Place& name) {
         for (const auto& [old, now] : kRenamed) {
           if (name.node.text != old) continue;
           auto& finding = report.at(*resource, name,
                                     fmt::format("Envoy has no filter '{}' any more: it is {}", old, now));
           if (name.node.length == old.size()) finding.fix = Fix{name.node.range(), std::string(now)};
         }
       });
}

}  // namespace

extern const Rule old_filter_name{
    .id = "old-filter-name",
    .severity = Severity::kError,
    .peers = "IST0133",
    .title = "an EnvoyFilter uses a name that Envoy has dropped",
    .why =
        "Filters have had names such as envoy.filters.http.router for years, and Envoy no longer takes the "
        "short ones. A match by an old name finds nothing, so the patch is not applied, without a word.",
    .bad = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  priority: 10
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.router} # <<
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.buffer
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer}
)",
    .good = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  priority: 10
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.router}
    patch:
      operation: INSERT_BEFORE
      value:
        name: envoy.filters.http.buffer
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
