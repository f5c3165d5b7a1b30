#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  for (const auto* sidecar : estate.of("Sidecar", "networking.istio.io")) {
    if (*sidecar->ns != estate.settings().root_namespace) continue;
    each(sidecar->root, "spec.workloadSelector", [&](const Place& selector) {
      report
          .at(*sidecar, selector,
              fmt::format(
                  "in '{}' a Sidecar is the default of the whole mesh; with a selector it is for pods of "
                  "this namespace only",
                  *sidecar->ns))
          .notes = {{{}, "take the selector away, or move it to the namespace of those pods"}};
    });
  }
}

}  // namespace

extern const Rule root_sidecar_selects{
    .id = "root-sidecar-selects",
    .severity = Severity::kWarning,
    .peers = "KIA1006",
    .title = "the mesh-wide default Sidecar has a workload selector",
    .why =
        "A Sidecar in the root namespace without a selector is what every namespace without one of its own "
        "gets. With a selector it applies to pods of the root namespace, where there are hardly any, and the "
        "mesh keeps having no default.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: istio-system}
spec:
  workloadSelector: {labels: {app: pets}} # <<
  egress: [{hosts: ["./*", "istio-system/*"]}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: istio-system}
spec:
  egress: [{hosts: ["./*", "istio-system/*"]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
