#include <fmt/format.h>

#include <set>

#include "rules/ambient.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kUse = "istio.io/use-waypoint", kWhere = "istio.io/use-waypoint-namespace";

void check_object(const Estate& estate, const Resource& object, std::string_view own, Report& report) {
  const Node* labels = get(object.root, "metadata.labels");
  const Node* name = labels == nullptr ? nullptr : labels->find(kUse);
  if (name == nullptr || name->text == "none") return;
  const Node* where = labels->find(kWhere);
  const std::string_view ns = where == nullptr ? own : std::string_view(where->text);
  const auto place = fmt::format("metadata.labels.{}", kUse);
  if (!is_ambient(estate, own) && estate.find("Namespace", "", own) != nullptr) {
    report
        .at(object, *name, place,
            fmt::format("namespace '{}' is not ambient: nothing goes through a waypoint", own))
        .notes = {{{}, "label it istio.io/dataplane-mode: ambient"}};
    return;
  }
  std::vector<std::string_view> gateways;
  for (const auto* gateway : estate.of("Gateway", "gateway.networking.k8s.io"))
    if (*gateway->ns == ns) gateways.push_back(*gateway->name);
  if (gateways.empty() || estate.find("Gateway", ns, name->text, "gateway.networking.k8s.io") != nullptr)
    return;
  suggest(report.at(object, *name, place,
                    fmt::format("no Gateway '{}' in namespace '{}': traffic goes on without its policies",
                                name->text, ns)),
          name->text, gateways);
}

void check(const Estate& estate, Report& report) {
  for (const auto* space : estate.of("Namespace")) check_object(estate, *space, *space->name, report);
  for (const auto* service : estate.of("Service")) check_object(estate, *service, *service->ns, report);
}

}  // namespace

extern const Rule waypoint_missing{
    .id = "waypoint-missing",
    .severity = Severity::kWarning,
    .peers = "KIA1312 KIA1313 KIA1314",
    .title = "traffic is to go through a waypoint that is not there, or from outside of ambient",
    .why =
        "The label istio.io/use-waypoint names a Gateway of class istio-waypoint. When there is none of that "
        "name, or the namespace is not in ambient mode, requests go straight to the pods and the routes and "
        "policies meant for the waypoint are not applied.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio.io/dataplane-mode: ambient
    istio.io/use-waypoint: waypiont # <<
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Namespace
metadata:
  name: web
  labels:
    istio.io/use-waypoint: waypoint # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    istio.io/dataplane-mode: ambient
    istio.io/use-waypoint: waypoint
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
