#pragma once

#include <cstdint>

#include "core/rng.hpp"

namespace marty::policy {

constexpr std::uint32_t kWholePpm = 1'000'000;

/// True for `ppm` parts per million of the calls (Envoy FractionalPercent). Always draws, so that changing a
/// share from 0 to 1 leaves the rest of a seeded run as it was.
inline bool drawn(std::uint32_t ppm, Rng& rng) { return rng.below(kWholePpm) < ppm; }

}  // namespace marty::policy
