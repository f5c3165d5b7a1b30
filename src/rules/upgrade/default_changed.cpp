#include <fmt/format.h>

#include <algorithm>
#include <climits>

#include "rules/rule.hpp"
#include "rules/upgrades.hpp"

namespace marty::rules::catalog {
namespace {

/// The release whose behaviour the files ask for, whatever runs; INT_MAX: that of what runs.
int kept_behaviour(const Estate& estate) {
  int kept = INT_MAX;
  for (const auto* install : estate.of("IstioOperator"))
    for (const Way& path : {Way("spec.values.compatibilityVersion"), Way("spec.compatibilityVersion")})
      if (const int minor = istio_minor(text(install->root, path)); minor > 0) kept = std::min(kept, minor);
  return kept;
}

void check(const Estate& estate, Report& report) {
  const int from = istio_minor(estate.settings().upgrade_from);
  const int to = istio_minor(estate.settings().istio_version);
  if (from == 0 || from >= to) return;
  const int kept = kept_behaviour(estate);
  for (const auto& change : upgrades()) {
    if (change.minor <= from || change.minor > to || (change.compatible && change.minor > kept)) continue;
    change.each_affected(estate, [&](const Resource& resource, const Node& node, std::string path,
                                     const std::string& now) {
      auto& finding =
          report.at(resource, node, std::move(path), fmt::format("from Istio 1.{} on {}", change.minor, now));
      finding.notes.push_back({{}, std::string(change.way_out)});
      if (change.compatible)
        finding.notes.push_back({{},
                                 fmt::format("compatibilityVersion: 1.{} keeps the old behaviour for a while",
                                             change.minor - 1)});
    });
  }
}

}  // namespace

extern const Rule default_changed{
    .id = "default-changed",
    .severity = Severity::kWarning,
    .peers = "IST0168 IST0169",
    .title = "an object that does something else after the upgrade",
    .why =
        "With --upgrade FROM, or FROM..TO, objects are looked up in what releases of Istio changed on "
        "purpose between the two: defaults that are filled in where an object says nothing, fields that were "
        "ignored and now count, labels and attributes that are gone. The object is right before and after; "
        "what it does is not the same. Write down what was left to the default, or keep the old behaviour "
        "with compatibilityVersion until you have. Taken from Istio's upgrade notes from 1.21 to 1.29: "
        "verification and SNI of TLS that a DestinationRule originates, ExternalName Services, targetPort of "
        "ServiceEntries, the default collector, excluded DNS, 503 in default retries, DestinationRules that "
        "differ in exportTo, attributes of Telemetry, the gateways' label and statistics of breakers.",
    .bad = R"(
# validate --upgrade 1.20
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: shop}
spec:
  host: api.payments.example
  trafficPolicy:
    tls: {mode: SIMPLE, sni: api.payments.example} # <<
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - retries: {attempts: 3} # <<
    route: [{destination: {host: web}}]
)",
    .good = R"(
# validate --upgrade 1.20
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: payments, namespace: shop}
spec:
  host: api.payments.example
  trafficPolicy:
    tls: {mode: SIMPLE, sni: api.payments.example, caCertificates: system}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - retries: {attempts: 3, retryOn: "connect-failure,refused-stream,unavailable"}
    route: [{destination: {host: web}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
