#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "rules/refusals.hpp"

namespace marty::rules::catalog {
namespace {

/// Whether some configuration of the mesh says where logs go by default.
bool has_default(const Estate& estate) {
  const auto& configs = estate.settings().mesh_configs;
  return std::ranges::any_of(configs, [](const Node& config) {
    const Node* named = get(config, "defaultProviders.accessLogging");
    return (named != nullptr && named->size() > 0) || !text(config, "accessLogFile").empty();
  });
}

/// Namespaces in which some Telemetry names a provider, which the others there inherit; from the root
/// namespace all do.
std::set<std::string_view> provided(const Estate& estate) {
  std::set<std::string_view> out;
  each(estate.of("Telemetry", "telemetry.istio.io"), "spec.accessLogging[].providers[].name",
       [&](const Resource* telemetry, const Place&) { out.insert(*telemetry->ns); });
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto named = provided(estate);
  if (has_default(estate) || named.contains(estate.settings().root_namespace)) return;
  each(estate.of("Telemetry", "telemetry.istio.io"), "spec.accessLogging[]",
       [&](const Resource* telemetry, const Place& logging) {
         if (is_true(logging.node.find("disabled")) || has(logging.node, "providers") ||
             named.contains(*telemetry->ns))
           return;
         auto& finding =
             report.at(*telemetry, logging, "nobody says where these logs go: there will be none");
         finding.notes = {{{}, "providers: [{name: envoy}] writes them to standard output of the proxy"}};
         // With the mesh's configuration before us, it is certain.
         if (!estate.settings().mesh_configs.empty()) finding.severity = Severity::kWarning;
       });
}

}  // namespace

extern const Rule access_log_without_provider{
    .id = "access-log-without-provider",
    .severity = Severity::kInfo,
    .peers = "IST0157",
    .title = "a Telemetry asks for access logs and names nobody to write them",
    .why =
        "Logs go to the providers a Telemetry names, or to those that meshConfig.defaultProviders names for "
        "all. With neither, an entry under accessLogging switches nothing on. The default may be in the "
        "values "
        "istiod was installed with; with --mesh-config, or when they are among the files, this is a warning.",
    .bad = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec:
  accessLogging:
  - filter: {expression: response.code >= 500} # <<
)",
    .good = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec:
  accessLogging:
  - providers: [{name: envoy}]
    filter: {expression: response.code >= 500}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
