#include "policy/ip_block.hpp"

#include <algorithm>
#include <charconv>

namespace marty::policy {
namespace {

constexpr IpAddress kMappedIpv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr unsigned kIpv4Offset = 96;

template <class Number>
bool read_number(std::string_view text, int base, std::size_t digits_max, Number& value) {
  if (text.empty() || text.size() > digits_max) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_ipv4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    const auto dot = text.find('.');
    if ((dot == text.npos) != (i == 3)) return false;
    if (!read_number(text.substr(0, dot), 10, 3, out[i])) return false;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return true;
}

/// Groups of up to four hex digits into `out`; returns how many bytes they fill, nothing when malformed. The
/// last group may be an IPv4 address.
std::optional<std::size_t> read_groups(std::string_view text, std::uint8_t* out) {
  std::size_t filled = 0;
  while (!text.empty()) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == text.npos && group.find('.') != group.npos) {
      if (filled > 12 || !read_ipv4(group, out + filled)) return {};
      return filled + 4;
    }
    std::uint16_t value = 0;
    if (filled > 14 || !read_number(group, 16, 4, value)) return {};
    out[filled++] = static_cast<std::uint8_t>(value >> 8);
    out[filled++] = static_cast<std::uint8_t>(value & 0xff);
    if (colon == text.npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return {};
  }
  return filled;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  IpAddress address = kMappedIpv4;
  if (text.find(':') == text.npos) {
    if (!read_ipv4(text, address.data() + 12)) return {};
    return address;
  }
  address = {};
  const auto gap = text.find("::");
  if (gap == text.npos) {
    const auto filled = read_groups(text, address.data());
    return filled == 16u ? std::optional(address) : std::nullopt;
  }
  IpAddress tail{};
  const auto head_size = read_groups(text.substr(0, gap), address.data());
  const auto tail_size = read_groups(text.substr(gap + 2), tail.data());
  if (!head_size || !tail_size || *head_size + *tail_size > 14) return {};
  std::copy_n(tail.begin(), *tail_size, address.end() - static_cast<std::ptrdiff_t>(*tail_size));
  return address;
}

std::optional<IpBlock> IpBlock::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return {};
  if (slash == text.npos) return IpBlock{*address, 128};
  const bool ipv4 = text.find(':') == text.npos;
  unsigned bits = 0;
  if (!read_number(text.substr(slash + 1), 10, 3, bits) || bits > (ipv4 ? 32u : 128u)) return {};
  return IpBlock{*address, ipv4 ? kIpv4Offset + bits : bits};
}

bool IpBlock::contains(const IpAddress& address) const {
  const std::size_t whole = bits / 8;
  if (!std::equal(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(whole), address.begin()))
    return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (base[whole] ^ address[whole]) >> (8 - rest) == 0;
}

}  // namespace marty::policy
