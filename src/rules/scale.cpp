#include "rules/scale.hpp"

#include <algorithm>

namespace marty::rules {

namespace {

/// A number of pods; an autoscaler keeps at least one that can be called.
std::uint32_t count(const Resource& scaler, const Way& way, std::int64_t by_default) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(number(scaler.root, way).value_or(by_default), 1, UINT32_MAX));
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

}  // namespace marty::rules
