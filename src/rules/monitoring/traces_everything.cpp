#include <fmt/format.h>

#include <algorithm>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

void check(const Estate& estate, Report& report) {
  each(estate.of("Telemetry"), "spec.tracing[].randomSamplingPercentage",
       [&](const Resource* resource, const Place& at) {
         if (at.node.text == "100" || at.node.text == "100.0" || at.node.text == "100.00")
           report.at(*resource, at, "100%: each request is traced, at every hop");
       });
}

}  // namespace

extern const Rule traces_everything{
    .id = "traces-everything",
    .severity = Severity::kInfo,
    .peers = "",
    .title = "every request is traced",
    .why =
        "A sampling of 100% makes a span for every request at every hop: fine for a demo, but at "
        "production's rates the collector and its storage pay for it. Sample a share, and raise it while you "
        "look for something.",
    .bad = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: pets, namespace: shop}
spec:
  tracing:
  - randomSamplingPercentage: 100 # <<
)",
    .good = R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: pets, namespace: shop}
spec:
  tracing:
  - randomSamplingPercentage: 5
)",
    .check = check,
};

}  // namespace marty::rules::catalog
