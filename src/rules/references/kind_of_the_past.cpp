#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

struct Gone {
  std::string_view group, since, instead;
};
constexpr std::array<Gone, 5> kGone{{
    {"authentication.istio.io", "Istio 1.6",
     "PeerAuthentication and RequestAuthentication of security.istio.io"},
    {"rbac.istio.io", "Istio 1.6", "AuthorizationPolicy of security.istio.io"},
    {"config.istio.io", "Istio 1.8", "Telemetry, AuthorizationPolicy with CUSTOM, or an EnvoyFilter"},
    {"networking.x-k8s.io", "Gateway API 0.4", "gateway.networking.k8s.io/v1"},
    {"extensions", "Kubernetes 1.22", "networking.k8s.io/v1, or apps/v1 for what makes pods"},
}};

void check(const Estate& estate, Report& report) {
  for (const auto& resource : estate.all()) {
    const auto* gone = std::ranges::find(kGone, resource.group(), &Gone::group);
    const Node* version = gone == kGone.end() ? nullptr : get(resource.root, "apiVersion");
    if (version == nullptr) continue;
    report
        .at(resource, *version, "apiVersion",
            fmt::format("{} of {} is gone since {}", *resource.kind, gone->group, gone->since))
        .notes = {{{}, fmt::format("write {}", gone->instead)}};
  }
}

}  // namespace

extern const Rule kind_of_the_past{
    .id = "kind-of-the-past",
    .severity = Severity::kError,
    .peers = "IST0002 no-extensions-v1beta",
    .title = "an object of an API that has been taken away",
    .why =
        "The whole API group is gone: a current cluster answers that it knows no such kind, and an old "
        "object that is still there is read by nobody. What it said, who may call whom for instance, is not "
        "in force until it is written in today's kinds.",
    .bad = R"(
apiVersion: rbac.istio.io/v1alpha1 # <<
kind: ServiceRole
metadata: {name: pets, namespace: shop}
spec:
  rules: [{services: [pets.shop.svc.cluster.local], methods: [GET]}]
)",
    .good = R"(
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: pets, namespace: shop}
spec:
  rules:
  - to: [{operation: {methods: [GET]}}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
