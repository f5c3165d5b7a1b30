#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* telemetry : estate.of("Telemetry")) {
    const Node* tracing = get(telemetry->root, "spec.tracing");
    if (tracing != nullptr && tracing->is_sequence() && tracing->size() > 1)
      report.at(*telemetry, tracing->children[1], "spec.tracing[1]",
                fmt::format("{} entries for tracing: Istio takes the first and ignores the others",
                            tracing->size()));
    each(telemetry->root, "spec.tracing[].providers", [&](const Place& providers) {
      if (!providers.node.is_sequence() || providers.node.size() < 2) return;
      report
          .at(*telemetry, providers.node.children[1], providers.path + "[1]",
              fmt::format("{} tracing providers: Istio takes the first and ignores the others",
                          providers.node.size()))
          .notes = {{{}, "name one, and let the collector pass spans on to several places"}};
    });
  }
}

}  // namespace

extern const Rule several_tracers{
    .id = "several-tracers",
    .severity = Severity::kWarning,
    .peers = "IST0133",
    .title = "a Telemetry with more than one tracer",
    .why =
        "A sidecar reports its spans to one provider. Of several entries, or several providers in one, Istio "
        "uses the first; the backend behind the second gets no spans and looks as if nobody called.",
    .bad = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: tracing, namespace: shop}
spec:
  tracing:
  - providers:
    - name: tempo
    - name: zipkin # <<
    randomSamplingPercentage: 5
)",
    .good = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: tracing, namespace: shop}
spec:
  tracing:
  - providers:
    - name: tempo
    randomSamplingPercentage: 5
)",
    .check = check,
};

}  // namespace marty::rules::catalog
