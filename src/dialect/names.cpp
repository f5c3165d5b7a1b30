#include "dialect/names.hpp"

#include <algorithm>

namespace marty::dialect {

namespace {
bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }
}  // namespace

bool is_dns_label(std::string_view text) {
  if (text.empty() || text.size() > 63 || text.front() == '-' || text.back() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_lower_alnum(c) || c == '-'; });
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool is_host(std::string_view text) {
  if (text == "*") return true;
  if (text.empty() || text.size() > 255) return false;
  if (text.front() == '*') text.remove_prefix(text.starts_with("*.") ? 2 : 1);
  while (!text.empty()) {
    const auto label = text.substr(0, text.find('.'));
    if (label.empty() || label.size() > 63 || label.back() == '-') return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-' || c == '_'; }))
      return false;
    text.remove_prefix(std::min(label.size() + 1, text.size()));
  }
  return true;
}

std::string fqdn(std::string_view host, std::string_view ns) {
  std::string name(host);
  if (!host.empty() && host != "*" && host.find('.') == host.npos)
    name.append(".").append(ns).append(kClusterDomain);
  return name;
}

}  // namespace marty::dialect
