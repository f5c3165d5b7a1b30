#include "rules/upgrades.hpp"

#include <gtest/gtest.h>

#include "rules/analyze.hpp"

namespace marty::rules {
namespace {

struct Case {
  int minor;
  const char* field;  ///< where it is found
  const char* text;
};

constexpr Case kCases[] = {
    {21, "spec.trafficPolicy.tls", R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec: {host: a.example, trafficPolicy: {tls: {mode: SIMPLE, sni: a.example}}}
)"},
    {21, "spec.subsets[0].trafficPolicy.tls", R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a.example
  subsets: [{name: v1, labels: {v: "1"}, trafficPolicy: {tls: {mode: MUTUAL, credentialName: a}}}]
)"},
    {21, "spec.host", R"(
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {type: ExternalName, externalName: a.example}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec: {host: a, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
)"},
    {21, "spec.http[0].route[0].destination.host", R"(
apiVersion: v1
kind: Service
metadata: {name: a}
spec: {type: ExternalName, externalName: a.example}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec: {hosts: [b.example], http: [{route: [{destination: {host: a}}]}]}
)"},
    {22, "spec.ports[0].targetPort", R"(
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec: {hosts: [a.example], ports: [{name: http, number: 80, protocol: HTTP, targetPort: 8080}]}
)"},
    {22, "spec.meshConfig.enableTracing", R"(
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: a}
spec: {meshConfig: {enableTracing: true}}
)"},
    {23, "spec.template.metadata.annotations.traffic.sidecar.istio.io/excludeOutboundPorts", R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}, annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: "53,8080"}}
    spec: {containers: [{name: a, image: "a:1"}]}
)"},
    {24, "spec.http[1].retries", R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec:
  hosts: [a]
  http:
  - {match: [{uri: {exact: /}}], retries: {attempts: 0}, route: [{destination: {host: a}}]}
  - {retries: {attempts: 1}, route: [{destination: {host: a}}]}
)"},
    {24, "spec.exportTo", R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec: {host: a}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: b}
spec: {host: a, exportTo: ["."]}
)"},
    {24, "spec.accessLogging[0].filter.expression", R"(
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: a}
spec: {accessLogging: [{filter: {expression: 'filter_state["wasm.downstream_peer"].namespace == "a"'}}]}
)"},
    {24, "spec.selector.matchLabels.istio.io/gateway-name", R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: a}
spec: {selector: {matchLabels: {istio.io/gateway-name: a}}}
)"},
    {29, "spec.groups[0].rules[0].expr", R"(
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: a}
spec:
  groups:
  - name: a
    rules: [{alert: A, expr: envoy_cluster_circuit_breakers_default_remaining_rq < 5}]
)"},
    {29, "spec.template.metadata.annotations.sidecar.istio.io/statsCompression", R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}, annotations: {sidecar.istio.io/statsCompression: "false"}}
    spec: {containers: [{name: a, image: "a:1"}]}
)"},
};

/// The fields that an upgrade is found to change.
std::vector<std::string> changed(const std::string& text, std::string from, std::string to) {
  Settings settings;
  settings.upgrade_from = std::move(from);
  settings.istio_version = std::move(to);
  SourceMap sources;
  Diagnostics found;
  analyze(dialect::read_manifest_text("a.yaml", text, sources, found), sources, settings, schema::Catalog{},
          found);
  std::vector<std::string> fields;
  for (const auto& finding : found.all())
    if (finding.rule == "default-changed") fields.push_back(finding.field);
  return fields;
}

std::string release(int minor) { return "1." + std::to_string(minor); }

TEST(Upgrades, EachChangeIsFoundByTheStepThatMakesItAndByNoOther) {
  EXPECT_EQ(std::size(kCases), upgrades().size());
  for (const auto& one : kCases) {
    EXPECT_EQ(changed(one.text, release(one.minor - 1), release(one.minor)),
              std::vector<std::string>{one.field})
        << one.text;
    EXPECT_TRUE(changed(one.text, release(one.minor), "1.32").empty()) << one.text;
    EXPECT_TRUE(changed(one.text, "1.15", release(one.minor - 1)).empty()) << one.text;
    EXPECT_TRUE(changed(one.text, "", "1.32").empty()) << one.text;
  }
}

TEST(Upgrades, CompatibilityKeepsWhatItCan) {
  const std::string kept = R"(
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: a}
spec: {values: {compatibilityVersion: "1.23"}}
---)";
  const auto with = [&](std::size_t i) { return changed(kept + kCases[i].text, "1.20", "1.30"); };
  EXPECT_EQ(with(4).size(), 1u);  // 1.22: 1.23 does it already
  EXPECT_EQ(with(7).size(), 0u);  // 1.24, kept
  EXPECT_EQ(with(9).size(), 1u);  // 1.24, and no switch for it
}

}  // namespace
}  // namespace marty::rules
