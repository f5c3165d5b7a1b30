#pragma once

#include <functional>
#include <string_view>

#include "rules/estate.hpp"

namespace marty::rules {

/// What an autoscaler keeps the number of pods between.
struct Scaled {
  std::string_view ns, kind, name;  ///< of the controller
  std::uint32_t least = 1, most = 1;
};
/// HorizontalPodAutoscalers, and KEDA's ScaledObjects, which make some.
void each_autoscaler(const Estate&, const std::function<void(const Scaled&)>& see);

}  // namespace marty::rules
