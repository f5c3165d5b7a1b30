#pragma once

#include <array>
#include <string_view>

namespace marty::manifest {

/// One of a few characters, by a look into a table.
class Among {
 public:
  constexpr explicit Among(std::string_view some) {
    for (const char c : some) add(c);
  }
  constexpr void add(char c) { in_[static_cast<unsigned char>(c)] = true; }
  constexpr bool operator()(char c) const { return in_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> in_{};
};

}  // namespace marty::manifest
