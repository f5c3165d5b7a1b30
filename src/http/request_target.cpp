#include "http/request_target.hpp"

#include <algorithm>

#include "http/chars.hpp"

namespace marty::http {
namespace {

bool is_port(std::string_view text) {
  if (text.size() > 5) return false;
  int port = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    port = port * 10 + (c - '0');
  }
  return port < 65536;
}

/// Only the alphabet of RFC 3986 3.2.2 is checked: whoever resolves the address checks the rest.
bool is_ip_literal(std::string_view text) {
  return text.size() >= 2 && std::ranges::all_of(text, [](char c) { return c == ':' || is(kHostByte, c); });
}

TargetForm split_absolute(RequestHead& head) {
  const std::size_t colon = head.target.find(':');
  if (colon == head.target.npos || head.target.substr(colon, 3) != "://") return TargetForm::kMalformed;
  head.scheme = head.target.substr(0, colon);
  if (!equals_ignoring_case(head.scheme, "http") && !equals_ignoring_case(head.scheme, "https")) {
    return TargetForm::kMalformed;
  }
  const std::string_view rest = head.target.substr(colon + 3);
  const std::size_t slash = rest.find('/');
  head.authority = rest.substr(0, slash);
  // "http://host?query" ends up here as well: '?' is no authority byte, and every client writes the slash.
  if (!is_authority(head.authority)) return TargetForm::kMalformed;
  head.path = slash == rest.npos ? std::string_view("/") : rest.substr(slash);
  return TargetForm::kValid;
}

}  // namespace

bool is_authority(std::string_view text) {
  std::size_t host_bytes = 0;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == text.npos || !is_ip_literal(text.substr(1, bracket - 1))) return false;
    host_bytes = bracket + 1;
  } else {
    while (host_bytes < text.size() && is(kHostByte, text[host_bytes])) ++host_bytes;
  }
  if (host_bytes == 0) return false;
  return host_bytes == text.size() || (text[host_bytes] == ':' && is_port(text.substr(host_bytes + 1)));
}

TargetForm split_target(RequestHead& head) {
  head.scheme = head.authority = head.path = {};
  if (head.method == "CONNECT") {
    head.authority = head.target;
    return is_authority(head.target) ? TargetForm::kValid : TargetForm::kMalformed;
  }
  if (head.target.front() == '/' || (head.target == "*" && head.method == "OPTIONS")) {
    head.path = head.target;
    return TargetForm::kValid;
  }
  return split_absolute(head);
}

}  // namespace marty::http
