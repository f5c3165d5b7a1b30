#include <algorithm>
#include <map>

#include "kustomize/transformers.hpp"

namespace marty::kustomize {

namespace {

SortOptions::Legacy default_order() {
  return {{"Namespace",
           "ResourceQuota",
           "StorageClass",
           "CustomResourceDefinition",
           "ServiceAccount",
           "PodSecurityPolicy",
           "Role",
           "ClusterRole",
           "RoleBinding",
           "ClusterRoleBinding",
           "ConfigMap",
           "Secret",
           "Endpoints",
           "Service",
           "LimitRange",
           "PriorityClass",
           "PersistentVolume",
           "PersistentVolumeClaim",
           "Deployment",
           "StatefulSet",
           "CronJob",
           "PodDisruptionBudget"},
          {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}};
}

struct Rank {
  int order = 0;
  std::string kind, id;
  auto operator<=>(const Rank&) const = default;
};

}  // namespace

void sort_objects(const std::optional<SortOptions>& options, Objects& objects) {
  if (options && *options->order != "legacy") return;
  const auto order = options && options->legacy ? *options->legacy : default_order();
  std::map<std::string_view, int> orders;
  for (std::size_t i = 0; i < order.first.size(); ++i)
    orders[order.first[i]] = static_cast<int>(i) - static_cast<int>(order.first.size());
  for (std::size_t i = 0; i < order.last.size(); ++i) orders[order.last[i]] = static_cast<int>(i) + 1;

  std::vector<std::pair<Rank, Object>> ranked;
  for (Object& object : objects) {
    const auto or_mark = [](std::string_view text, const char* mark) {
      return text.empty() ? std::string(mark) : std::string(text);
    };
    const auto found = orders.find(object.kind());
    // Among namespaces that of Kubernetes itself comes first; '~' would put it last.
    Rank rank{found == orders.end() ? 0 : found->second,
              or_mark(object.group(), object.kind() == "Namespace" && found != orders.end() ? "" : "~G") +
                  "_" + or_mark(object.version(), "~V") + "_" + std::string(object.kind()),
              or_mark(object.ns(), "~X") + "|" + or_mark(object.name(), "~N")};
    ranked.emplace_back(std::move(rank), std::move(object));
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < ranked.size(); ++i) objects[i] = std::move(ranked[i].second);
}

}  // namespace marty::kustomize
