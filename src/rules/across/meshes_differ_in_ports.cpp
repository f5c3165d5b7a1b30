#include <fmt/format.h>

#include "rules/apart.hpp"
#include "rules/twins.hpp"

namespace marty::rules::catalog {
namespace {

void look(const Twins& twins, Report& report) {
  for (const auto* service : twins.linkerd.estate.of("Service")) {
    const auto* twin = twins.istio.estate.find("Service", *service->ns, *service->name);
    if (twin == nullptr) continue;
    for (auto& found : apart(*service, twins.linkerd.name, *twin, twins.istio.name)) {
      auto& finding = report.at(*service, *found.here, found.path, std::move(found.text));
      if (found.there != nullptr) finding.notes.push_back(see(*found.there, "the other overlay"));
    }
  }
}

void compare(const Comparison& comparison, Report& report) {
  each_twins(comparison, [&](const Twins& twins) { look(twins, report); });
}

}  // namespace

extern const Rule meshes_differ_in_ports{
    .id = "meshes-differ-in-ports",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a Service has other ports, or selects other pods, under one mesh than under the other",
    .why =
        "Overlays of one service for two meshes share its Services: callers know one name and one port. A "
        "port, its protocol (its name up to the '-', or appProtocol), its targetPort or the selector that "
        "differs is a patch that was made in one overlay only. Keep Services in the base; what a mesh needs "
        "beside them, such as annotations or Services for single versions, belongs into its overlay.",
    .bad = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 8080} # <<
)",
    .good = R"(
# === overlay istio
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
# === overlay linkerd
apiVersion: v1
kind: Namespace
metadata: {name: shop, annotations: {linkerd.io/inject: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports:
  - {name: http, port: 80}
)",
    .compare = compare,
};

}  // namespace marty::rules::catalog
