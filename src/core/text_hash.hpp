#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace marty {

/// Mixes a text into a number, eight bytes at a time: for tables that live in memory only.
inline std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;
  const auto take = [&](std::uint64_t word) {
    hash = (hash ^ word) * kSpread;
    hash ^= hash >> 29;
  };
  take(text.size());
  for (; text.size() >= sizeof(std::uint64_t); text.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word;
    std::memcpy(&word, text.data(), sizeof word);
    take(word);
  }
  std::uint64_t rest = 0;
  for (const char c : text) rest = rest << 8 | static_cast<unsigned char>(c);
  take(rest);
  return hash ^ hash >> 32;
}

}  // namespace marty
