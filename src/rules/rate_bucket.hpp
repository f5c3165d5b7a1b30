#pragma once

#include <optional>
#include <string>

#include "engine/program.hpp"

namespace marty::rules {

/// Istio's rate limit in front of one port of a pod.
struct RateBucket {
  double burst = 0, per_second = 0;
  std::string text;  ///< "100 at once and 50 more every 10s"
  Origin origin;
};
/// The tightest one that really refuses; nothing when none does.
std::optional<RateBucket> rate_bucket(const engine::Program& inbound);

}  // namespace marty::rules
