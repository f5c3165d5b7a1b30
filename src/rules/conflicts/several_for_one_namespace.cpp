#include <fmt/format.h>

#include <map>

#include "rules/estate.hpp"
#include "rules/rule.hpp"
#include "rules/selectors.hpp"

namespace marty::rules::catalog {
namespace {

void check_kind(const Estate& estate, const SelectingKind& kind, Report& report) {
  std::map<std::string, const Resource*> first;
  for (const auto* resource : estate.of(kind.kind)) {
    const bool targets =
        get(resource->root, "spec.targetRef") != nullptr || get(resource->root, "spec.targetRefs") != nullptr;
    if (resource->group() != kind.group || targets || labels_of(*resource, kind) != nullptr) continue;
    const auto [place, fresh] = first.try_emplace(*resource->ns, resource);
    if (fresh) continue;
    report
        .object(*resource,
                fmt::format("namespace '{}' has {} '{}' for all its pods already; only the older counts",
                            *resource->ns, *resource->kind, *place->second->name))
        .notes = {see(*place->second, "the other one")};
  }
}

void check(const Estate& estate, Report& report) {
  for (const auto& kind : selecting_kinds())
    if (kind.one_per_pod) check_kind(estate, kind, report);
}

}  // namespace

extern const Rule several_for_one_namespace{
    .id = "several-for-one-namespace",
    .severity = Severity::kError,
    .peers = "IST0111 IST0160 KIA0002",
    .title = "two objects without a selector in one namespace, of a kind that counts once",
    .why =
        "A Sidecar, PeerAuthentication, Telemetry or ProxyConfig without a selector speaks for its whole "
        "namespace, and there only the oldest is used. Merge them into one.",
    .bad = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: while-moving, namespace: shop} # <<
spec: {mtls: {mode: PERMISSIVE}}
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
