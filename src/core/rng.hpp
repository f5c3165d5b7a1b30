#pragma once

#include <cstdint>
#include <string_view>

namespace marty {

__extension__ using Wide = unsigned __int128;

/// A small seeded generator (SplitMix64, Steele et al. 2014): same seed, same draws. Not for secrets.
class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

  /// Uniform in [0, bound); 0 when bound is 0. Multiply-shift: the bias is below bound / 2^64.
  constexpr std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

  /// An independent generator named by its use, so a new draw in one policy does not disturb another.
  constexpr Rng split(std::string_view use) const {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (char c : use) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return Rng(state_ ^ hash);
  }

 private:
  std::uint64_t state_;
};

}  // namespace marty
