#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool relative(std::string_view operation) {
  return operation == "INSERT_BEFORE" || operation == "INSERT_AFTER" || operation == "REPLACE" ||
         operation == "REMOVE";
}

/// Envoy's own filters are always there; one that another EnvoyFilter adds may not be there yet.
bool anchor_may_be_missing(const Node& patch) {
  const auto name = text(patch, "match.listener.filterChain.filter.subFilter.name");
  const auto chain = text(patch, "match.listener.filterChain.filter.name");
  const auto& anchor = name.empty() ? chain : name;
  return anchor != "envoy.filters.http.router" && anchor != "envoy.filters.network.http_connection_manager";
}

void check(const Estate& estate, Report& report) {
  for (const auto* filter : estate.of("EnvoyFilter")) {
    if (number(filter->root, "spec.priority").value_or(0) != 0) continue;
    each(filter->root, "spec.configPatches[]", [&](const Place& patch) {
      const Node* operation = get(patch.node, "patch.operation");
      if (operation == nullptr || !relative(operation->text)) return;
      const bool loose = anchor_may_be_missing(patch.node);
      report
          .at(*filter, *operation, patch.path + ".patch.operation",
              loose ? fmt::format("{} refers to what another patch may add later; the order is not said",
                                  operation->text)
                    : fmt::format("{} without a priority: among patches of one place the oldest runs first",
                                  operation->text))
          .notes = {
          {{},
           loose ? "set spec.priority (patches run from low to high), or anchor it at "
                   "envoy.filters.http.router"
                 : "set spec.priority (patches run from low to high) when other patches insert here"}};
    });
  }
}

}  // namespace

extern const Rule relative_patch_without_priority{
    .id = "relative-patch-without-priority",
    .severity = Severity::kInfo,
    .peers = "IST0151 IST0155",
    .title = "an EnvoyFilter inserts beside a filter that may not be there yet",
    .why =
        "Patches run by priority and then by creation time. An INSERT_BEFORE, INSERT_AFTER, REPLACE or "
        "REMOVE that "
        "refers to a filter added by another patch does nothing when it runs first, and then the order of "
        "creation decides. Beside what Envoy always has, it is only the order among the patches that is "
        "open.",
    .bad = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: shop}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.jwt_authn}
    patch:
      operation: INSERT_AFTER # <<
      value:
        name: envoy.filters.http.lua
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}
)",
    .good = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: limit, namespace: shop}
spec:
  priority: 10
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.jwt_authn}
    patch:
      operation: INSERT_AFTER
      value:
        name: envoy.filters.http.lua
        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
