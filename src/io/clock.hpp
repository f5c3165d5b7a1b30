#pragma once

#include <string>

#include "core/time.hpp"

namespace marty::io {

/// CLOCK_MONOTONIC. Any thread.
Instant now();
/// CLOCK_REALTIME. Any thread.
WallTime wall_now();
/// "2025-03-01T12:00:00.250Z": UTC, whole milliseconds rounded down, years 1678 to 2261.
std::string iso8601(WallTime);

}  // namespace marty::io
