#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Unread {
  std::string_view kind, instead;
};
constexpr Unread kUnread[] = {
    {"TrafficTarget", "Server, HTTPRoute, MeshTLSAuthentication and AuthorizationPolicy"},
    {"HTTPRouteGroup", "HTTPRoute"},
    {"UDPRoute", "nothing: Linkerd does not handle UDP"},
};

void check(const Estate& estate, Report& report) {
  for (const auto& [kind, instead] : kUnread) {
    for (const auto* resource : estate.of(kind)) {
      if (!resource->group().ends_with("smi-spec.io")) continue;
      report
          .at(*resource, *get(resource->root, "kind"), "kind",
              fmt::format("no mesh reads {} any more: it is accepted and has no effect", kind))
          .notes = {{{}, fmt::format("Linkerd's way: {}", instead)}};
    }
  }
}

}  // namespace

extern const Rule smi_nobody_reads{
    .id = "smi-nobody-reads",
    .severity = Severity::kError,
    .peers = "",
    .title = "an SMI object that no mesh carries out",
    .why =
        "The Service Mesh Interface was archived in 2023. Linkerd's extension reads TrafficSplit only; "
        "access and "
        "route objects of SMI are stored by the API server and nobody looks at them, so who was to be kept "
        "out is "
        "not.",
    .bad = R"(
apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup # <<
metadata: {name: pets, namespace: shop}
spec:
  matches: [{name: read, methods: [GET], pathRegex: /api/.*}]
)",
    .good = R"(
apiVersion: policy.linkerd.io/v1beta3
kind: HTTPRoute
metadata: {name: pets, namespace: shop}
spec:
  parentRefs: [{group: policy.linkerd.io, kind: Server, name: pets}]
  rules: [{matches: [{method: GET, path: {type: PathPrefix, value: /api}}]}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
