#include <fmt/format.h>

#include <set>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

std::set<std::string> delegates(const Estate& estate) {
  std::set<std::string> out;
  each(estate.of("VirtualService"), "spec.http[].delegate",
       [&](const Resource* resource, const Place& delegate) {
         const auto ns = text(delegate.node, "namespace");
         out.insert(fmt::format("{}/{}", ns.empty() ? std::string_view(*resource->ns) : ns,
                                text(delegate.node, "name")));
       });
  return out;
}

void check(const Estate& estate, Report& report) {
  const auto used = delegates(estate);
  for (const auto* resource : estate.of("VirtualService")) {
    const Node* hosts = get(resource->root, "spec.hosts");
    if ((hosts != nullptr && hosts->size() > 0) || used.contains(*resource->ns + "/" + *resource->name))
      continue;
    const Node* spec = resource->root.find("spec");
    if (spec == nullptr) continue;
    report
        .object(*resource, fmt::format("VirtualService '{}' has no hosts and no other one delegates to it: "
                                       "no request takes its routes",
                                       *resource->name))
        .notes = {{{}, "say whose routes these are: hosts: [<service>.<namespace>.svc.cluster.local]"}};
  }
}

}  // namespace

extern const Rule delegate_nobody_uses{
    .id = "delegate-nobody-uses",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a VirtualService without hosts that nobody delegates to",
    .why =
        "hosts says whose routes a VirtualService holds. Without it Istio accepts the object as the delegate "
        "of another one, and when no other one names it, nothing of it comes into force: no canary, no "
        "timeout, no retry.",
    .bad = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: canary # <<
  namespace: shop
spec:
  http:
  - route: [{destination: {host: pets}}]
)",
    .good = R"(
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: canary, namespace: shop}
spec:
  hosts: [pets]
  http:
  - route: [{destination: {host: pets}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
