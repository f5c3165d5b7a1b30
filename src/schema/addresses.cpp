#include "schema/addresses.hpp"

#include <algorithm>
#include <charconv>

namespace marty::schema {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A whole number of at most `max`, without a leading zero.
bool is_number(std::string_view text, unsigned max) {
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), is_digit)) return false;
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value <= max && (text.size() == 1 || text[0] != '0');
}

bool is_group(std::string_view text) {
  return !text.empty() && text.size() <= 4 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
  });
}

}  // namespace

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 3; ++part) {
    const auto dot = text.find('.');
    if (dot == text.npos || !is_number(text.substr(0, dot), 255)) return false;
    text.remove_prefix(dot + 1);
  }
  return is_number(text, 255);
}

bool is_ipv6(std::string_view text) {
  std::size_t groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == text.npos && group.find('.') != group.npos) {  // ends in an IPv4 address
      if (!is_ipv4(group)) return false;
      groups += 2;
      break;
    }
    if (!is_group(group)) return false;
    ++groups;
    if (colon == text.npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
    if (text[0] != ':') continue;
    if (gap) return false;
    gap = true;
    text.remove_prefix(1);
  }
  return gap ? groups < 8 : groups == 8;
}

bool is_ip(std::string_view text) { return is_ipv4(text) || is_ipv6(text); }

bool is_cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == text.npos) return false;
  const auto address = text.substr(0, slash), bits = text.substr(slash + 1);
  return is_ipv4(address) ? is_number(bits, 32) : is_ipv6(address) && is_number(bits, 128);
}

}  // namespace marty::schema
