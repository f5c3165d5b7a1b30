#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "rules/estate.hpp"

namespace marty::rules {

/// What an autoscaler keeps the number of pods between.
struct Scaled {
  std::string_view ns, kind, name;  ///< of the controller
  std::uint64_t least = 1, most = 1;
};
/// HorizontalPodAutoscalers, and KEDA's ScaledObjects, which make some.
void each_autoscaler(const Estate&, const std::function<void(const Scaled&)>& see);

/// How many pods there may be, autoscalers included.
class Scale {
 public:
  explicit Scale(const Estate&);
  /// As many as an autoscaler may make of them, or as the controller says.
  std::uint64_t most(const Pods&) const;

 private:
  std::map<std::string, std::uint64_t> most_;  // by namespace/kind/name
};

}  // namespace marty::rules
