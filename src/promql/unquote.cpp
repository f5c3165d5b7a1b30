#include "promql/unquote.hpp"

#include <charconv>
#include <cstdint>

namespace marty::promql {
namespace {

void add_utf8(std::string& out, std::uint32_t rune) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((rune >> shift) & 0x3f)); };
  if (rune < 0x80) {
    out += static_cast<char>(rune);
  } else if (rune < 0x800) {
    out += static_cast<char>(0xc0 | (rune >> 6));
    tail(0);
  } else if (rune < 0x10000) {
    out += static_cast<char>(0xe0 | (rune >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xf0 | (rune >> 18));
    tail(12), tail(6), tail(0);
  }
}

/// \x41, \101, \u00e9, \U0001f600; `at` is where the digits begin. False when they are wrong.
bool add_coded(std::string& out, std::string_view inside, std::size_t& at, std::size_t digits, int base) {
  const auto text = inside.substr(at, digits);
  std::uint32_t rune = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), rune, base);
  if (text.size() != digits || read.ec != std::errc{} || read.ptr != text.data() + digits) return false;
  at += digits;
  if (digits <= 3) {
    if (rune > 0xff) return false;
    out += static_cast<char>(rune);
    return true;
  }
  if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) return false;
  add_utf8(out, rune);
  return true;
}

}  // namespace

std::optional<std::string> unquote(std::string_view inside, char quote) {
  static constexpr std::string_view kNames = "abfnrtv\\", kMeanings = "\a\b\f\n\r\t\v\\";
  std::string out;
  for (std::size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\') {
      out += inside[at++];
      continue;
    }
    if (++at == inside.size()) return std::nullopt;
    const char c = inside[at];
    bool fine = true;
    if (c == quote) {
      out += c, ++at;
    } else if (const auto known = kNames.find(c); known != kNames.npos) {
      out += kMeanings[known], ++at;
    } else if (c == 'x' || c == 'u' || c == 'U') {
      ++at;
      fine = add_coded(out, inside, at, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16);
    } else {
      fine = add_coded(out, inside, at, 3, 8);
    }
    if (!fine) return std::nullopt;
  }
  return out;
}

}  // namespace marty::promql
