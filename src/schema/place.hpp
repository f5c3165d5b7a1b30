#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace marty::schema {

/// A step into an object, linked to the step before. It lives on the stack while the parts below it are
/// looked at, so that a path costs nothing until somebody asks for it.
struct Place {
  const Place* up = nullptr;
  std::string_view key;
  std::size_t index = 0;

  Place field(std::string_view name) const { return {this, name, 0}; }
  Place item(std::size_t i) const { return {this, {}, i}; }

  /// "spec.http[0].route"; empty for the whole object.
  std::string path() const {
    if (!up) return {};
    const std::string before = up->path();
    if (key.empty()) return fmt::format("{}[{}]", before, index);
    return before.empty() ? std::string(key) : fmt::format("{}.{}", before, key);
  }
};

}  // namespace marty::schema
