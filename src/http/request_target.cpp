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
  if (!text.empty() && text.front() == '[') {
    const std::size_t bracket = text.find(']');
    if (bracket == text.npos || bracket < 3) return false;
    host_bytes = bracket + 1;
  } else {
    host_bytes = std::min(text.find(':'), text.size());
    if (text.substr(0, host_bytes).find_first_of("[]") != text.npos) return false;
  }
  if (host_bytes == 0) return false;
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(host_bytes),
                   [](char c) { return is(kAuthorityByte, c); })) {
    return false;
  }
  if (host_bytes == text.size()) return true;
  return text[host_bytes] == ':' && is_port(text.substr(host_bytes + 1));
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
