#include "rules/scale.hpp"

#include <algorithm>

namespace marty::rules {

namespace {

std::string key(std::string_view ns, std::string_view kind, std::string_view name) {
  return std::string(ns).append("/").append(kind).append("/").append(name);
}

}  // namespace

Scale::Scale(const Estate& estate) {
  for (const auto* scaler : estate.of("HorizontalPodAutoscaler")) {
    const auto most = std::max<std::int64_t>(0, number(scaler->root, "spec.maxReplicas").value_or(0));
    most_[key(*scaler->ns, text(scaler->root, "spec.scaleTargetRef.kind"),
              text(scaler->root, "spec.scaleTargetRef.name"))] = static_cast<std::uint64_t>(most);
  }
}

std::uint64_t Scale::most(const Pods& pods) const {
  const auto known = most_.find(key(pods.ns(), *pods.owner->kind, *pods.owner->name));
  return known == most_.end() ? pods.replicas : std::max<std::uint64_t>(pods.replicas, known->second);
}

}  // namespace marty::rules
