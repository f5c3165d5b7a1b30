#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace marty::manifest {

/// Reads a duration as Go's time.ParseDuration does, which is what Kubernetes and Istio accept: "30s",
/// "1h30m", "1.5s", "500ms", "0". Empty for anything else, and for what does not fit in nanoseconds (292
/// years).
std::optional<Duration> parse_duration(std::string_view text);

/// The canonical spelling: one number with the largest of s, ms, us, ns that says it exactly. "30s", "500ms",
/// "0s".
std::string print_duration(Duration);

}  // namespace marty::manifest
