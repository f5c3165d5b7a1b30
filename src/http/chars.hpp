#pragma once

#include <array>
#include <cstdint>

namespace marty::http {

/// What a byte may be part of; one table so that a scan costs one load per byte.
enum CharClass : std::uint8_t {
  kToken = 1,       ///< RFC 9110 5.6.2: method and field names
  kFieldByte = 2,   ///< RFC 9110 5.5: visible, space, tab, obs-text
  kTargetByte = 4,  ///< visible ASCII but '#', which no request target has (RFC 9112 3.2)
  kHostByte = 8,    ///< RFC 3986 3.2.2 reg-name and IPv4
};

namespace chars {
constexpr bool is_alnum(int c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_one_of(int c, const char* set) {
  for (; *set != 0; ++set) {
    if (c == *set) return true;
  }
  return false;
}
constexpr std::array<std::uint8_t, 256> make_table() {
  std::array<std::uint8_t, 256> table{};
  for (int c = 0; c < 256; ++c) {
    std::uint8_t bits = 0;
    if (is_alnum(c) || is_one_of(c, "!#$%&'*+-.^_`|~")) bits |= kToken;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) bits |= kFieldByte;
    if (c > ' ' && c < 0x7f && c != '#') bits |= kTargetByte;
    if (is_alnum(c) || is_one_of(c, "-._~%!$&'()*+,;=")) bits |= kHostByte;
    table[static_cast<std::size_t>(c)] = bits;
  }
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kTable = make_table();
}  // namespace chars

inline bool is(CharClass wanted, char c) {
  return (chars::kTable.data()[static_cast<unsigned char>(c)] & wanted) != 0;
}

}  // namespace marty::http
