#include <fmt/format.h>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// No tag, or the one that means whatever was pushed last; a digest is a version, and "auto" is Istio's.
bool without_version(std::string_view image) {
  if (image.empty() || image == "auto" || image.find('@') != image.npos) return false;
  const auto name = image.substr(image.rfind('/') == image.npos ? 0 : image.rfind('/'));
  const auto colon = name.find(':');
  return colon == name.npos || name.substr(colon + 1) == "latest";
}

void check(const Estate& estate, Report& report) {
  each(estate.pods(), "containers[].image", [&](const Pods& pods, const Place& image) {
    if (!without_version(image.node.text)) return;
    const auto version = pods.labels.find("version");
    if (version == pods.labels.end()) return;
    report.at(*pods.owner, image,
              fmt::format("the label says version {}, and this image is whatever was pushed last",
                          version->second));
  });
}

}  // namespace

extern const Rule image_without_version{
    .id = "image-without-version",
    .severity = Severity::kInfo,
    .peers = "latest-tag",
    .title = "pods that call themselves a version and run an image without one",
    .why =
        "Subsets, canaries and rollbacks go by the label 'version'. When the image has no tag, or latest, "
        "pods of one label run whatever was pushed when they started: a rollback to v1 may bring v2 back.",
    .bad = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: registry.example.com:5000/pets # <<
)",
    .good = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: pets, namespace: shop}
spec:
  selector: {matchLabels: {app: pets}}
  template:
    metadata: {labels: {app: pets, version: v1}}
    spec:
      serviceAccountName: pets
      containers:
      - name: pets
        image: registry.example.com:5000/pets:1.4.2
)",
    .check = check,
};

}  // namespace marty::rules::catalog
