#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool declared(const Estate& estate, std::string_view name) {
  bool found = false;
  for (const auto& config : estate.settings().mesh_configs)
    each(config, "extensionProviders[].name", [&](const Place& at) { found |= at.node.text == name; });
  return found;
}

void check(const Estate& estate, Report& report) {
  each(estate.of("Telemetry"), "spec.tracing[].providers[].name",
       [&](const Resource* resource, const Place& at) {
         if (declared(estate, at.node.text)) return;
         auto& finding = report.at(
             *resource, at, fmt::format("no meshConfig here declares the provider '{}'", at.node.text));
         finding.notes = {{{}, "declare it under meshConfig.extensionProviders, in istiod's values"}};
         // With the mesh's configuration before us, it is certain.
         if (!estate.settings().mesh_configs.empty()) finding.severity = Severity::kWarning;
       });
}

}  // namespace

extern const Rule undeclared_tracing_provider{
    .id = "undeclared-tracing-provider",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "a tracing provider that these files do not declare",
    .why =
        "A Telemetry names its provider; what it is, and where spans go, is declared once for the whole mesh "
        "under meshConfig.extensionProviders. A name that istiod does not know is left out without an error: "
        "no spans. The declaration may well be in the values istiod was installed with; check it there.",
    .bad = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: pets, namespace: shop}
spec:
  tracing:
  - providers: [{name: jaeger}] # <<
)",
    .good = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: pets, namespace: shop}
spec:
  tracing:
  - providers: [{name: jaeger}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    extensionProviders:
    - name: jaeger
      opentelemetry: {service: jaeger.tracing.svc.cluster.local, port: 4317}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
