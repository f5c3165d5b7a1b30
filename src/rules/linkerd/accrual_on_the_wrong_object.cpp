#include <fmt/format.h>

#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::array<std::string_view, 3> kOfServices{"balancer.linkerd.io/", "retry.linkerd.io/",
                                                      "timeout.linkerd.io/"};

void check_annotations(const Resource& resource, const Node* annotations, const std::string& path,
                       Report& report) {
  for (std::size_t i = 0; is_mapping(annotations) && i < annotations->size(); ++i) {
    const auto& key = annotations->entry(i).key;
    for (const auto prefix : kOfServices) {
      if (!key.text.starts_with(prefix)) continue;
      report
          .at(resource, key, path,
              fmt::format("Linkerd does not look for {} on a {}: nothing is in force", key.text,
                          *resource.kind))
          .notes = {{{}, "put it on the Service (retry and timeout also on an HTTPRoute)"}};
      return;
    }
  }
}

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods()) {
    check_annotations(*pods.owner, get(pods.owner->root, "metadata.annotations"), "metadata.annotations",
                      report);
    if (pods.metadata != nullptr && *pods.owner->kind != "Pod")
      check_annotations(*pods.owner, pods.metadata->find("annotations"), "spec.template.metadata.annotations",
                        report);
  }
  for (const auto* space : estate.of("Namespace"))
    check_annotations(*space, get(space->root, "metadata.annotations"), "metadata.annotations", report);
}

}  // namespace

extern const Rule accrual_on_the_wrong_object{
    .id = "accrual-on-the-wrong-object",
    .severity = Severity::kError,
    .peers = "",
    .title = "Linkerd's circuit breaker, retries or timeouts asked for on the wrong object",
    .why =
        "The annotations of failure accrual, retries and timeouts are read from the Service that is called. "
        "On a "
        "Deployment, a pod or a namespace they are accepted and nobody looks at them.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pets
  namespace: shop
  annotations:
    balancer.linkerd.io/failure-accrual: consecutive # <<
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      containers: [{name: pets, image: "pets:1.0"}]
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
