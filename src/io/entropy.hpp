#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace marty::io {

/// Fills with bytes from the kernel's generator; aborts if there is none. Any thread.
void fill_random(std::span<unsigned char>);
/// For core Rng.
std::uint64_t random_seed();
/// A random UUID (RFC 9562 version 4).
std::array<unsigned char, 16> uuid_v4();
std::string uuid_text(const std::array<unsigned char, 16>&);

}  // namespace marty::io
