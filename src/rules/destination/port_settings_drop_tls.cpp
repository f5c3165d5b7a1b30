#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Modes that mutual TLS by itself does not make up for when they are dropped.
bool originates(std::string_view mode) { return mode == "SIMPLE" || mode == "MUTUAL"; }

void check_policy(const Resource& rule, const Place& policy, Report& report) {
  const Node* mode = get(policy.node, "tls.mode");
  if (mode == nullptr || !originates(mode->text)) return;
  each(policy.node, "portLevelSettings[]", [&](const Place& port) {
    if (port.node.find("tls") != nullptr) return;
    report
        .at(rule, port.node, policy.path + "." + port.path,
            fmt::format("port {} is spoken to without TLS: its settings replace the whole policy, the {} too",
                        number(port.node, "port.number").value_or(0), mode->text))
        .notes = {see(*mode, "said for the host"), {{}, "repeat 'tls' in the settings of the port"}};
  });
}

void check(const Estate& estate, Report& report) {
  each(estate.of("DestinationRule"), {"spec.trafficPolicy", "spec.subsets[].trafficPolicy"},
       [&](const Resource* rule, const Place& policy) { check_policy(*rule, policy, report); });
}

}  // namespace

extern const Rule port_settings_drop_tls{
    .id = "port-settings-drop-tls",
    .severity = Severity::kError,
    .peers = "",
    .title = "settings of one port silently take TLS away from it",
    .why =
        "portLevelSettings do not add to the policy of the host: for their port they replace its load "
        "balancer, pools, ejection and TLS, and what they do not say goes back to the default. A limit for "
        "port 443 without 'tls' sends plaintext to a server that wants TLS.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: shop}
spec:
  host: bank.example.com
  trafficPolicy:
    tls: {mode: SIMPLE, sni: bank.example.com, caCertificates: system}
    portLevelSettings:
    - port: {number: 443} # <<
      connectionPool: {tcp: {maxConnections: 10}}
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank, namespace: shop}
spec:
  host: bank.example.com
  trafficPolicy:
    tls: {mode: SIMPLE, sni: bank.example.com, caCertificates: system}
    portLevelSettings:
    - port: {number: 443}
      connectionPool: {tcp: {maxConnections: 10}}
      tls: {mode: SIMPLE, sni: bank.example.com, caCertificates: system}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
