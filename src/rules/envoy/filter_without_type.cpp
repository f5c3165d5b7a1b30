#include <fmt/format.h>

#include "core/regex.hpp"
#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

bool is_of_the_past(std::string_view type) {
  const bool old_filter =
      type.find("envoy.config.filter.") != type.npos || type.find("envoy.api.v2.") != type.npos;
  return old_filter || (type.find("envoy.config.") != type.npos && type.find(".v2") != type.npos);
}

/// Envoy finds an extension by the type of its configuration; a name alone finds none.
void check_added(const Resource& filter, const Place& patch, Report& report) {
  const auto target = text(patch.node, "applyTo"), operation = text(patch.node, "patch.operation");
  const bool adds = operation == "ADD" || operation == "REPLACE" || operation.starts_with("INSERT_");
  const Node* value = get(patch.node, "patch.value");
  if ((target != "HTTP_FILTER" && target != "NETWORK_FILTER") || !adds || !is_mapping(value)) return;
  for (const auto field : {"typed_config", "typedConfig", "config_discovery", "configDiscovery"})
    if (value->find(field) != nullptr) return;
  refuse(filter, patch, "patch.value", "a filter without typed_config: Envoy does not know which one it is",
         report)
      .notes = {{{}, "it goes by the \"@type\" in typed_config, not by the name"}};
}

void check_types(const Resource& filter, const Place& patch, Report& report) {
  const Node* value = get(patch.node, "patch.value");
  if (value == nullptr) return;
  each_scalar(*value, [&](const Place& one) {
    if (!is_of_the_past(one.node.text)) return;
    const std::string& path = one.path;
    if (path.ends_with("@type") || path.ends_with("type_url") || path.ends_with("typeUrl"))
      report.at(filter, one.node, patch.path + ".patch.value." + path,
                "Envoy has dropped the types of its v2 interface: it refuses the whole listener");
  });
}

void check_version(const Resource& filter, const Place& patch, Report& report) {
  const Node* version = get(patch.node, "match.proxy.proxyVersion");
  std::string why;
  if (version == nullptr || version->text.empty() || Regex::compile(version->text, why) != nullptr) return;
  refuse(filter, patch, "match.proxy.proxyVersion", fmt::format("this is no regular expression: {}", why),
         report);
}

void check(const Estate& estate, Report& report) {
  each(estate.of("EnvoyFilter"), "spec.configPatches[]", [&](const Resource* filter, const Place& patch) {
    check_added(*filter, patch, report);
    check_types(*filter, patch, report);
    check_version(*filter, patch, report);
  });
}

}  // namespace

extern const Rule filter_without_type{
    .id = "filter-without-type",
    .severity = Severity::kError,
    .peers = "IST0106 IST0133 VAL",
    .title = "an EnvoyFilter brings a filter of no type, or of one that Envoy has dropped",
    .why =
        "An extension is found by the type of its configuration, such as "
        "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua. With a name alone, or a type of the "
        "v2 "
        "interface, the proxy refuses the listener it was given and keeps the one from before: from then on "
        "no "
        "change to it arrives.",
    .bad = R"(
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: pets, namespace: shop}
spec:
  workloadSelector: {labels: {app: pets}}
  priority: 10
  configPatches:
  - applyTo: HTTP_FILTER
    match: {context: SIDECAR_INBOUND}
    patch:
      operation: INSERT_FIRST
      value:
        name: envoy.filters.http.lua
        typed_config:
          "@type": type.googleapis.com/envoy.config.filter.http.lua.v2.Lua # <<
          inlineCode: function envoy_on_request(handle) end
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
    match: {context: SIDECAR_INBOUND}
    patch:
      operation: INSERT_FIRST
      value:
        name: envoy.filters.http.lua
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
          inlineCode: function envoy_on_request(handle) end
)",
    .check = check,
};

}  // namespace marty::rules::catalog
