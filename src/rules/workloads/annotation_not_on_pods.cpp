#include <fmt/format.h>

#include "rules/annotations.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Linkerd reads its annotations of a Namespace, too, and that on opaque ports also of a Service.
bool read_here(std::string_view key, std::string_view kind) {
  const bool of_linkerd = key == "linkerd.io/inject" || key.starts_with("config.linkerd.io/");
  if (!of_linkerd) return !is_for_pods(key);
  return kind == "Namespace" || (kind == "Service" && key == "config.linkerd.io/opaque-ports");
}

/// `pods` are those it makes, if any: what they say themselves need not be said to be missing there.
void check_object(const Resource& resource, const Pods* pods, Report& report) {
  const Node* annotations = get(resource.root, "metadata.annotations");
  for (std::size_t i = 0; annotations != nullptr && annotations->is_mapping() && i < annotations->size();
       ++i) {
    const auto& key = annotations->entry(i).key;
    if (read_here(key.text, *resource.kind)) continue;
    if (pods != nullptr && !pods->annotation(key.text).empty()) continue;
    report
        .at(resource, key, "metadata.annotations",
            fmt::format("'{}' is read from pods only: on this {} nobody sees it", key.text, *resource.kind))
        .notes = {{{},
                   pods == nullptr ? "move it to the pods' template"
                                   : "move it to spec.template.metadata.annotations"}};
  }
}

void check(const Estate& estate, Report& report) {
  for (const auto& pods : estate.pods())
    if (*pods.owner->kind != "Pod") check_object(*pods.owner, &pods, report);
  for (const auto* kind : {"Service", "Namespace"})
    for (const auto* resource : estate.of(kind)) check_object(*resource, nullptr, report);
}

}  // namespace

extern const Rule annotation_not_on_pods{
    .id = "annotation-not-on-pods",
    .severity = Severity::kWarning,
    .peers = "IST0107 linkerd-data-plane",
    .title = "an annotation for a sidecar on an object that is no pod",
    .why =
        "Injectors and proxies read their annotations from the pod. Those of a Deployment are not passed on "
        "to its pods, and those of a Service are for others: there they have no effect at all, and the "
        "sidecar runs with its defaults. They belong into the template's metadata.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: pets
  namespace: shop
  annotations:
    sidecar.istio.io/proxyCPU: 200m # <<
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets}}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata:
      labels: {app: pets}
      annotations: {sidecar.istio.io/proxyCPU: 200m}
    spec:
      serviceAccountName: pets
      containers: [{name: pets, image: pets:1}]
)",
    .check = check,
};

}  // namespace marty::rules::catalog
