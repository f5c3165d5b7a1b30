#include <fmt/format.h>

#include <algorithm>

#include "manifest/yaml.hpp"
#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

bool declared(const Estate& estate, std::string_view name) {
  bool found = false;
  const auto see_names = [&](const Node& root, std::string_view pattern) {
    each(root, pattern, [&](const Place& at) { found |= at.node.text == name; });
  };
  for (const auto* kind : {"IstioOperator", "Istio"})
    for (const auto* resource : estate.of(kind))
      for (const auto* pattern :
           {"spec.meshConfig.extensionProviders[].name", "spec.values.meshConfig.extensionProviders[].name"})
        see_names(resource->root, pattern);
  for (const auto* resource : estate.of("ConfigMap")) {
    Diagnostics ignored;
    for (const auto& config : manifest::parse_yaml(text(resource->root, "data.mesh"), 0, ignored))
      see_names(config, "extensionProviders[].name");
  }
  return found;
}

void check(const Estate& estate, Report& report) {
  for (const auto* resource : estate.of("Telemetry"))
    each(resource->root, "spec.tracing[].providers[].name", [&](const Place& at) {
      if (!declared(estate, at.node.text))
        report.at(*resource, at, fmt::format("no meshConfig here declares the provider '{}'", at.node.text))
            .notes = {{{}, "declare it under meshConfig.extensionProviders, in istiod's values"}};
    });
}

}  // namespace

const Rule undeclared_tracing_provider{
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
