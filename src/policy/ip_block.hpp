#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace marty::policy {

/// An IPv4 or IPv6 address as 16 bytes; IPv4 is kept as ::ffff:a.b.c.d, so the two forms compare equal.
using IpAddress = std::array<std::uint8_t, 16>;

/// "10.1.2.3", "fe80::1", "::ffff:10.1.2.3" (RFC 4291 2.2); nothing when it is not an address. Zone ids are
/// refused.
std::optional<IpAddress> parse_ip(std::string_view text);

/// A CIDR block: "10.0.0.0/8", or a single address. Bits beyond the prefix are ignored.
struct IpBlock {
  IpAddress base{};
  unsigned bits = 128;  ///< of the 16-byte form

  static std::optional<IpBlock> parse(std::string_view text);
  bool contains(const IpAddress&) const;
};

}  // namespace marty::policy
