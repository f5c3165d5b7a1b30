#include <fmt/format.h>

#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 3> kPrefixes{"balancer.linkerd.io/", "retry.linkerd.io/",
                                                    "timeout.linkerd.io/"};

/// An annotation that a ServiceProfile with routes switches off; nullptr when there is none.
const Node* switched_off(const Resource& resource) {
  const Node* annotations = get(resource.root, "metadata.annotations");
  for (std::size_t i = 0; is_mapping(annotations) && i < annotations->size(); ++i)
    for (const auto prefix : kPrefixes)
      if (annotations->entry(i).key.text.starts_with(prefix)) return &annotations->entry(i).key;
  return nullptr;
}

const Node* what_takes_over(const Resource& profile) {
  for (const Way& field : {Way("spec.routes"), Way("spec.dstOverrides")})
    if (const Node* list = get(profile.root, field); list != nullptr && list->size() > 0) return list;
  return nullptr;
}

void check(const Estate& estate, Report& report) {
  for (const auto* profile : estate.of("ServiceProfile")) {
    const Node* takes_over = what_takes_over(*profile);
    if (takes_over == nullptr) continue;
    const auto* service = estate.service(*profile->name, *profile->ns);
    if (service == nullptr) continue;
    const auto about = [&](const Resource& ignored, const Node& at, std::string path, std::string_view what) {
      report
          .at(ignored, at, std::move(path),
              fmt::format("{} of Service '{}' is ignored: it has a ServiceProfile with routes", what,
                          *service->name))
          .notes = {see(*takes_over, "the ServiceProfile"),
                    {{}, "keep one family: HTTPRoute with annotations, or ServiceProfile"}};
    };
    if (const Node* key = switched_off(*service))
      about(*service, *key, "metadata.annotations", fmt::format("the annotation {}", key->text));
    for (const auto& [route, parent_ref, path] : estate.attached("Service", *service->ns, *service->name))
      about(*route, *parent_ref, path, "this HTTPRoute");
  }
}

}  // namespace

extern const Rule profile_beside_policy{
    .id = "profile-beside-policy",
    .severity = Severity::kError,
    .peers = "",
    .title = "a ServiceProfile silently switches off the newer policies of its Service",
    .why =
        "When a Service has a ServiceProfile with routes (or a TrafficSplit, which becomes one), Linkerd's "
        "clients "
        "use the old stack for it: HTTPRoutes, failure accrual and the retry and timeout annotations are "
        "ignored "
        "without a word. So the circuit breaker is off. Choose one family for each Service.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations:
    balancer.linkerd.io/failure-accrual: consecutive # <<
spec:
  ports: [{name: http, port: 80}]
---
apiVersion: linkerd.io/v1alpha2
kind: ServiceProfile
metadata: {name: pets.shop.svc.cluster.local, namespace: shop}
spec:
  routes:
  - name: read
    condition: {method: GET}
    isRetryable: true
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata:
  name: pets
  namespace: shop
  annotations:
    balancer.linkerd.io/failure-accrual: consecutive
spec:
  ports: [{name: http, port: 80}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
