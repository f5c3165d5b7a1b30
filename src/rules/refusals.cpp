#include "rules/refusals.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace marty::rules {

namespace {
constexpr std::array<std::string_view, 12> kProtocols{"HTTP",  "HTTPS", "GRPC", "GRPC-WEB",
                                                      "HTTP2", "MONGO", "TCP",  "TLS",
                                                      "MYSQL", "REDIS", "UDP",  "HTTP_PROXY"};
}

bool is_protocol(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  return std::ranges::find(kProtocols, upper) != kProtocols.end();
}

bool has(const Node& from, std::string_view field) {
  const Node* value = from.find(field);
  return value != nullptr && !value->is_null() &&
         (value->is_scalar() ? !value->text.empty() : value->is_mapping() || value->size() > 0);
}

Diagnostic& refuse(const Resource& resource, const Place& in, std::string_view field, std::string message,
                   Report& report) {
  const Node* node = field.empty() ? &in.node : get(in.node, field);
  auto path = field.empty() ? in.path.words() : in.path + "." + std::string(field);
  return report.at(resource, node != nullptr ? *node : in.node, std::move(path), std::move(message));
}

bool check_exclusive(const Resource& resource, const Place& in, std::string_view first,
                     std::string_view second, Report& report) {
  if (!has(in.node, first) || !has(in.node, second)) return false;
  refuse(resource, in, second, fmt::format("'{}' is here too, and the two exclude each other", first), report)
      .notes = {see(*in.node.find(first), "the other one")};
  return true;
}

bool check_needs_one(const Resource& resource, const Place& in,
                     std::initializer_list<std::string_view> fields, Report& report) {
  if (!in.node.is_mapping() ||
      std::any_of(fields.begin(), fields.end(), [&](auto field) { return in.node.find(field) != nullptr; }))
    return false;
  refuse(resource, in, {}, fmt::format("this says nothing: it needs one of {}", fmt::join(fields, ", ")),
         report);
  return true;
}

}  // namespace marty::rules
