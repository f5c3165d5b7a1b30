#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

constexpr std::string_view kKey = "linkerd.io/inject";

void check_metadata(const Resource& resource, const Node* metadata, std::string path, Report& report) {
  const Node* labels = metadata == nullptr ? nullptr : metadata->find("labels");
  const Node* wrong = labels == nullptr ? nullptr : labels->find(kKey);
  if (wrong == nullptr) return;
  report
      .at(resource, *wrong, path + ".labels",
          "Linkerd reads linkerd.io/inject from annotations; as a label it does nothing")
      .notes = {{{}, "move it to annotations"}};
}

void check(const Estate& estate, Report& report) {
  for (const auto* space : estate.of("Namespace"))
    check_metadata(*space, get(space->root, "metadata"), "metadata", report);
  for (const auto& pods : estate.pods())
    check_metadata(*pods.owner, pods.metadata, "spec.template.metadata", report);
}

}  // namespace

extern const Rule inject_label_of_linkerd{
    .id = "inject-label-of-linkerd",
    .severity = Severity::kError,
    .peers = "linkerd-data-plane",
    .title = "linkerd.io/inject written as a label",
    .why =
        "Linkerd's injector looks at annotations only, of the namespace and of the pod template. The label "
        "of the "
        "same name is accepted and ignored: the pods run without a proxy, so without mutual TLS and policy.",
    .bad = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  labels:
    linkerd.io/inject: enabled # <<
)",
    .good = R"(
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations:
    linkerd.io/inject: enabled
)",
    .check = check,
};

}  // namespace marty::rules::catalog
