#include "kustomize/field_spec.hpp"

#include <fmt/format.h>

namespace marty::kustomize {

std::vector<std::string> split_path(std::string_view path, char delimiter) {
  std::vector<std::string> steps{""};
  if (path.size() > 1 && path[0] == delimiter) path.remove_prefix(1);
  for (const char c : path) {
    if (c != delimiter) {
      steps.back() += c;
    } else if (steps.back().ends_with('\\')) {
      steps.back().back() = delimiter;
    } else {
      steps.emplace_back();
    }
  }
  return steps;
}

namespace {

Node made(Create create, Origin by) {
  return create == Create::kMapping ? Node::mapping(by) : Node::string("", by);
}

bool visit_mapping(Node& from, std::span<const std::string> path, Create create, Origin made_by,
                   const Setter& set) {
  std::string_view name = path[0];
  const bool list = name.ends_with("[]");
  if (list) name.remove_suffix(2);
  const bool may_create = create != Create::kNo && !list;
  const Create kind = path.size() == 1 ? create : Create::kMapping;
  Node* next = from.find(name);
  if (!next) {
    if (!may_create) return true;
    set_entry(from, name, made(kind, made_by));
    next = from.find(name);
  } else if (next->is_null() && may_create) {
    *next = made(kind, made_by);
  }
  return visit_field(*next, path.subspan(1), create, made_by, set);
}

}  // namespace

bool visit_field(Node& from, std::span<const std::string> path, Create create, Origin made_by,
                 const Setter& set) {
  if (path.empty()) return set(from);
  if (from.is_null()) return true;
  if (from.is_mapping()) return visit_mapping(from, path, create, made_by, set);
  if (!from.is_sequence()) return false;
  bool fine = true;
  for (Node& item : from.children) fine &= visit_field(item, path, create, made_by, set);
  return fine;
}

void report_no_place(const Object& object, std::string_view path, SourceRange by, Diagnostics& found) {
  found
      .error("kustomize-field", by,
             fmt::format("{} of {} has no place for this", path, object.id().describe()))
      .notes.push_back({object.root.range(), "the object"});
}

namespace {

void append(FieldSpecs& to, const FieldSpecs& from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace

FieldSpecs template_label_fields() {
  const std::string pods = "spec/template/metadata/labels";
  return {{"", "", "", "metadata/labels", true},
          {"", "v1", "ReplicationController", pods, true},
          {"", "", "Deployment", pods, true},
          {"", "", "ReplicaSet", pods, true},
          {"", "", "DaemonSet", pods, true},
          {"apps", "", "StatefulSet", pods, true},
          {"apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true},
          {"batch", "", "Job", pods, true},
          {"batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true},
          {"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true}};
}

FieldSpecs selector_label_fields() {
  const std::string selector = "spec/selector/matchLabels";
  FieldSpecs all{{"", "v1", "Service", "spec/selector", true},
                 {"", "v1", "ReplicationController", "spec/selector", true},
                 {"", "", "Deployment", selector, true},
                 {"", "", "ReplicaSet", selector, true},
                 {"", "", "DaemonSet", selector, true},
                 {"apps", "", "StatefulSet", selector, true}};
  for (const char* kind : {"Deployment", "StatefulSet"}) {
    for (const char* affinity : {"podAffinity", "podAntiAffinity"}) {
      const std::string path = "spec/template/spec/affinity/" + std::string(affinity);
      const std::string during = "DuringSchedulingIgnoredDuringExecution";
      append(all,
             {{"apps", "", kind, path + "/preferred" + during + "/podAffinityTerm/labelSelector/matchLabels"},
              {"apps", "", kind, path + "/required" + during + "/labelSelector/matchLabels"}});
    }
    append(all,
           {{"apps", "", kind, "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels"}});
  }
  append(all, {{"batch", "", "Job", selector},
               {"batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels"},
               {"policy", "", "PodDisruptionBudget", selector},
               {"networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels"},
               {"networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels"},
               {"networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels"}});
  append(all, template_label_fields());
  return all;
}

FieldSpecs annotation_fields() {
  const std::string pods = "spec/template/metadata/annotations";
  return {{"", "", "", "metadata/annotations", true},
          {"", "v1", "ReplicationController", pods, true},
          {"", "", "Deployment", pods, true},
          {"", "", "ReplicaSet", pods, true},
          {"", "", "DaemonSet", pods, true},
          {"", "", "StatefulSet", pods, true},
          {"batch", "", "Job", pods, true},
          {"batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true},
          {"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true}};
}

FieldSpecs image_fields() {
  FieldSpecs all;
  for (const char* pod : {"spec/", "spec/template/spec/"}) {
    for (const char* field : {"containers[]/image", "initContainers[]/image", "volumes[]/image/reference"})
      all.push_back({"", "", "", std::string(pod) + field});
  }
  return all;
}

FieldSpecs replica_fields() {
  FieldSpecs all;
  for (const char* kind : {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})
    all.push_back({"", "", kind, "spec/replicas", true});
  return all;
}

FieldSpecs namespace_fields() {
  return {{"", "v1", "Namespace", "metadata/name", true},
          {"apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true},
          {"apiextensions.k8s.io", "", "CustomResourceDefinition",
           "spec/conversion/webhook/clientConfig/service/namespace"}};
}

}  // namespace marty::kustomize
