#include "rules/scale.hpp"

#include <algorithm>

namespace marty::rules {

namespace {

std::string key(std::string_view ns, std::string_view kind, std::string_view name) {
  return std::string(ns).append("/").append(kind).append("/").append(name);
}

/// A number of pods at a path; an autoscaler keeps at least one that can be called.
std::uint64_t count(const Resource& scaler, std::string_view path, std::int64_t by_default) {
  const auto said = number(scaler.root, path).value_or(by_default);
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(said, 1, UINT32_MAX));
}

}  // namespace

void each_autoscaler(const Estate& estate, const std::function<void(const Scaled&)>& see) {
  for (const auto* scaler : estate.of("HorizontalPodAutoscaler"))
    see({*scaler->ns, text(scaler->root, "spec.scaleTargetRef.kind"),
         text(scaler->root, "spec.scaleTargetRef.name"), count(*scaler, "spec.minReplicas", 1),
         count(*scaler, "spec.maxReplicas", 1)});
  for (const auto* scaler : estate.of("ScaledObject", "keda.sh")) {
    const auto kind = text(scaler->root, "spec.scaleTargetRef.kind");
    see({*scaler->ns, kind.empty() ? "Deployment" : kind, text(scaler->root, "spec.scaleTargetRef.name"),
         count(*scaler, "spec.minReplicaCount", 0), count(*scaler, "spec.maxReplicaCount", 100)});
  }
}

Scale::Scale(const Estate& estate) {
  each_autoscaler(estate, [&](const Scaled& one) { most_[key(one.ns, one.kind, one.name)] = one.most; });
}

std::uint64_t Scale::most(const Pods& pods) const {
  const auto known = most_.find(key(pods.ns(), *pods.owner->kind, *pods.owner->name));
  return known == most_.end() ? pods.replicas : std::max<std::uint64_t>(pods.replicas, known->second);
}

}  // namespace marty::rules
