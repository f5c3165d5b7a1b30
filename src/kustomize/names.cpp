#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

/// Names that others than Kubernetes objects depend on stay as they are.
bool keeps_its_name(const Object& object) {
  const Id first = object.first_id();
  return first.kind == "CustomResourceDefinition" || first.kind == "Namespace" ||
         (first.kind == "APIService" && first.group == "apiregistration.k8s.io");
}

}  // namespace

void add_prefix_and_suffix(const Kustomization& kustomization, Objects& objects) {
  const std::string &prefix = *kustomization.name_prefix, &suffix = *kustomization.name_suffix;
  for (Object& object : objects) {
    if ((prefix.empty() && suffix.empty()) || keeps_its_name(object)) continue;
    Node& name = *object.root.find("metadata")->find("name");
    if (!prefix.empty()) {
      object.prefixes.push_back(prefix);
      object.remember();
      name.text.insert(0, prefix);
    }
    if (!suffix.empty()) {
      object.suffixes.push_back(suffix);
      object.remember();
      name.text += suffix;
    }
    name.is_text = true;
  }
}

}  // namespace marty::kustomize
